//! From a change that waits for somebody to their task: what is to be done, how, and until when.

use jiff::Timestamp;
use rollbook_catalog::{App, GENERIC_HUMAN, Whom};
use rollbook_core::account::Account;
use rollbook_core::change::{Change, Op};
use rollbook_core::identity::Identity;
use rollbook_core::step::Outcome;
use rollbook_core::task::{Act, Message, Rule, Task};

use crate::channel::human::request;
use crate::channels::is_for_people;
use crate::config::{HumanConfig, InstanceConfig};
use crate::engine::Engine;
use crate::error::Result;
use crate::store::{RunRow, Writing};

impl Engine {
    /// Writes the task of a change that waits for somebody, inside the transaction that records that
    /// it does. A change that was asked for before keeps its task.
    pub(crate) fn assign(
        &self,
        book: &Writing<'_>,
        run: &RunRow,
        change: &Change,
        at: Timestamp,
        outcome: &Outcome,
    ) -> Result<()> {
        let Outcome::Waiting { task: asked } = outcome else { return Ok(()) };
        let id = Task::id_of(&run.id, &change.id);
        if book.reading().task(&id)?.is_some() {
            return Ok(());
        }
        let Ok(instance) = self.instance(&change.instance) else { return Ok(()) };
        let (account, identity) = book.reading().concerned(change)?;
        let whom = whom(change, account.as_ref(), identity.as_ref());
        let rule = rule(instance, change);
        let to = rule.assignee.clone();
        let mut task = Task {
            id,
            run: run.id.clone(),
            change: change.clone(),
            title: title(change),
            steps: self.steps(instance, change, &whom, asked),
            message: message(&self.config.workspace.name, instance, change),
            rule,
            acts: Vec::new(),
        };
        self.put_act(book, &mut task, at, Act::Assigned { to })
    }

    fn steps(
        &self,
        instance: &InstanceConfig,
        change: &Change,
        whom: &Whom,
        asked: &str,
    ) -> Vec<String> {
        if !is_for_people(change) {
            return vec![asked.to_owned()];
        }
        let catalog = &self.config.catalog;
        let app = catalog.app(&instance.app).or_else(|| catalog.app(GENERIC_HUMAN));
        let mut steps = app.map(|app| app.human_steps(change.op.word(), whom)).unwrap_or_default();
        if steps.is_empty() {
            let app = app.filter(|app| !app.is_generic()).map_or("the app", |app: &App| &app.name);
            steps.push(format!("Sign in to {app} as an administrator of {}.", instance.name));
        }
        let login = [&whom.login, &whom.email].into_iter().find(|text| !text.is_empty());
        if let Some(login) = login.filter(|&login| !steps.iter().any(|step| step.contains(login))) {
            steps.push(format!("It is about {login} and about nobody whose name is only like it."));
        }
        if let Some(file) = &instance.file {
            let path = file.path.display();
            steps
                .push(format!("Then export the accounts to {path} again; the export is compared."));
        }
        steps
    }
}

/// The request as a sentence of its own.
fn title(change: &Change) -> String {
    let request = request(change);
    let mut letters = request.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).chain(['.']).collect()
}

fn whom(change: &Change, account: Option<&Account>, identity: Option<&Identity>) -> Whom {
    let profile = match &change.op {
        Op::Create { profile } => Some(profile),
        _ => None,
    };
    let right = match &change.op {
        Op::Grant { entitlement } | Op::Revoke { entitlement } => entitlement.clone(),
        _ => String::new(),
    };
    let first = |options: [Option<&str>; 3]| {
        let mut said = options.into_iter().flatten().filter(|text| !text.trim().is_empty());
        said.next().unwrap_or_default().to_owned()
    };
    let email = account.and_then(|account| account.emails.first());
    Whom {
        account: change.account.as_ref().map(ToString::to_string).unwrap_or_default(),
        login: first([
            account.map(|account| account.login.as_str()),
            profile.map(|profile| profile.login.as_str()),
            Some(&change.expects.login),
        ]),
        email: first([
            email.map(|email| email.address.as_str()),
            profile.map(|profile| profile.email.as_str()),
            None,
        ]),
        name: first([
            identity.map(|identity| identity.name.as_str()),
            account.map(|account| account.display_name.as_str()),
            profile.map(|profile| profile.display_name.as_str()),
        ]),
        right,
        heir: change.heir.as_ref().map(ToString::to_string).unwrap_or_default(),
        instance: change.instance.to_string(),
    }
}

/// Who does it and until when. What was written into an outbox is proven by the next export.
fn rule(instance: &InstanceConfig, change: &Change) -> Rule {
    let human = instance.human.clone().unwrap_or_default();
    let HumanConfig { deputy, escalate_to, due_h, remind_every_h, proof, .. } = human;
    let named = instance.human.as_ref().map(|human| human.assignee.clone());
    let mut names = [named.unwrap_or_default(), instance.owner.clone()].into_iter();
    let assignee = names.find(|name| !name.trim().is_empty());
    Rule {
        assignee: assignee.unwrap_or_else(|| format!("the administrator of {}", instance.name)),
        deputy,
        escalate_to,
        due_h,
        remind_every_h,
        proof: if is_for_people(change) { proof } else { Vec::new() },
        is_read: instance.is_read(),
    }
}

/// The message to the app's maker, where they carry out what we ask.
fn message(company: &str, instance: &InstanceConfig, change: &Change) -> Option<Message> {
    let to = instance.human.as_ref().map(|human| human.vendor_email.clone())?;
    if to.is_empty() {
        return None;
    }
    let (title, verb, name) = (title(change), change.op.verb(), &instance.name);
    let text = format!(
        "Hello,\n\nplease do the following for {company} in our tenant \"{name}\":\n\n{title}\n\n\
         Please answer this message when it is done, and say when it was done.\n\n\
         Our reference: {}\n",
        change.id
    );
    Some(Message {
        to,
        subject: format!("{company}: please {verb} an account ({})", change.id),
        text,
    })
}
