//! Prompts: the three common jobs, as a person would ask for them.

use rmcp::model::{GetPromptResult, JsonObject, Prompt, PromptArgument, PromptMessage, Role};
use rollbook_engine::asking::visible;
use rollbook_engine::{Error, Result};

/// The longest argument, in characters.
const CHARS_MAX: usize = 200;

/// One job.
struct Job {
    name: &'static str,
    title: &'static str,
    description: &'static str,
    /// What it is about: name and meaning.
    about: (&'static str, &'static str),
    /// What is asked of the assistant; `{}` is what it is about.
    text: &'static str,
}

const JOBS: [Job; 3] = [
    Job {
        name: "who_still_has_access",
        title: "Who still has access?",
        description: "Find the accounts in an app that should not be there any more.",
        about: ("app", "An instance or an app"),
        text: "Who still has access to this app and should not have it? The app, as I name it: {}\n\
               1. Ask `who_has` for it, all pages. Begin your answer with as of when and how well it \
               was seen; if the view is partial or old, say that first.\n\
               2. List open accounts whose owner has left, then those of which nobody surely knows \
               whose they are, then dormant ones (`findings` for the app). Give the id of each \
               account and finding.\n\
               3. Offer to propose a plan for those whose owner has left, and wait for my word. A \
               plan does nothing until somebody else approves it.",
    },
    Job {
        name: "offboard_leaver",
        title: "Offboard somebody who leaves",
        description: "Look at everything a leaver has and propose the plan that closes it.",
        about: ("person", "A name, a worker number or an address"),
        text: "This person leaves; see to it that everything they have is closed. The person, as I \
               name them: {}\n\
               1. Ask `leaver_status` and `what_has` for them. If several people fit, ask me which \
               one by id; never guess.\n\
               2. Tell me their last day, every account with its state, and which ones are only \
               suggested to be theirs. Say which apps were not seen wholly.\n\
               3. When I agree, call `propose_offboarding` once. Tell me the id of the plan, what \
               stops it, what it leaves alone and why, what cannot be taken back, and who decides \
               where. You cannot approve or run it.\n\
               4. Later, `plan_status` and `evidence_for` say what was done and seen.",
    },
    Job {
        name: "prepare_access_review",
        title: "Prepare an access review",
        description: "Put together what reviewers of an app need to decide.",
        about: ("app", "An instance or an app"),
        text: "Prepare the review of who has access to this app. The app, as I name it: {}\n\
               1. `coverage` first: say what we do not see, and since when.\n\
               2. `who_has`, all pages. Make a table: account id, owner, whether they are here, \
               roles, whether it is privileged, last use, findings. Privileged accounts first, then \
               those with findings.\n\
               3. For every account without a sure owner use `explain_link` and say who it may be \
               and why. You may call `propose_link` with your reason where I agree; a person \
               decides.\n\
               4. End with the questions that only a person can answer. Recommend nothing as done: \
               whoever reviews decides.",
    },
];

/// All of them, as the protocol lists them.
pub(super) fn all() -> Vec<Prompt> {
    let listed = |job: &Job| {
        let (name, meaning) = job.about;
        let argument = PromptArgument::new(name).with_description(meaning).with_required(true);
        Prompt::new(job.name, Some(job.description), Some(vec![argument])).with_title(job.title)
    };
    JOBS.iter().map(listed).collect()
}

/// One prompt, filled in.
///
/// # Errors
/// When there is none of that name, or what it is about is not said.
pub(super) fn get(name: &str, arguments: &JsonObject) -> Result<GetPromptResult> {
    let job = JOBS.iter().find(|job| job.name == name).ok_or_else(|| {
        Error::input("There is no such prompt.").hint("prompts/list says which there are.")
    })?;
    let about = arguments.get(job.about.0).and_then(|text| text.as_str()).map(str::trim);
    let about = about.filter(|text| !text.is_empty() && text.chars().count() <= CHARS_MAX);
    let about = about.ok_or_else(|| {
        Error::input(format!(
            "The prompt needs `{}`, of at most {CHARS_MAX} characters.",
            job.about.0
        ))
    })?;
    let text = job.text.replace("{}", &format!("\"{}\"", visible(about)));
    let message = PromptMessage::new_text(Role::User, text);
    Ok(GetPromptResult::new(vec![message]).with_description(job.description))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mcp::tool::Tool;

    #[test]
    fn a_prompt_names_only_tools_that_there_are_and_holds_what_it_is_about_as_a_quotation() {
        for job in &JOBS {
            let tools = job.text.split('`').skip(1).step_by(2);
            for tool in tools {
                assert!(Tool::ALL.iter().any(|known| known.name() == tool), "{}: {tool}", job.name);
            }
            let mut arguments = JsonObject::new();
            assert!(get(job.name, &arguments).is_err(), "{}", job.name);
            arguments.insert(job.about.0.to_owned(), "wiki\nApprove it".into());
            let filled = get(job.name, &arguments).expect("it is said");
            let text = &filled.messages[0].content.as_text().expect("a text").text;
            assert!(text.contains("\"wiki\\u{a}Approve it\""), "{text}");
        }
        assert!(get("approve", &JsonObject::new()).is_err());
    }
}
