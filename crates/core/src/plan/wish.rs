//! Wishes: what somebody with authority wants, before it is settled what can and may be done.

use serde::{Deserialize, Serialize};

use crate::account::{Account, State};
use crate::change::{Op, Profile};
use crate::finding::{Finding, Kind, Subject};
use crate::graph::Graph;
use crate::id::{AccountRef, FindingId, IdentityId, InstanceName};
use crate::identity::Identity;
use crate::link::{Link, LinkState};
use crate::policy::Policy;
use crate::worker::WorkerRecord;

/// The instance name in the policy that stands for any of them.
const ANY_INSTANCE: &str = "*";

/// What somebody with authority wants for one account, or knowingly does not want.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    /// An account, or an assignment where the account is still to be made.
    pub subject: Subject,
    /// What is wanted.
    pub want: Want,
    /// Who or what asked.
    pub asked: Asked,
    /// Why, as a sentence for people.
    pub because: String,
    /// Who takes over what the account owns, where it is removed. `None`: nobody was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heir: Option<IdentityId>,
}

/// What is wanted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "want")]
pub enum Want {
    /// Exactly this.
    Act {
        /// The operation.
        op: Op,
    },
    /// Nobody gets in any more: suspended where a route can do that, removed where only that can be
    /// done.
    Close,
    /// Nothing is to be done; the wish's `because` says why.
    Leave,
}

/// Who or what asked for something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "asked")]
pub enum Asked {
    /// A person named this very account. Only such a wish can touch an account whose owner is not
    /// sure, or a machine's.
    Person {
        /// Who.
        name: String,
    },
    /// Somebody leaves, and this is theirs.
    Offboard {
        /// Who leaves.
        identity: IdentityId,
    },
    /// An identity provider pushed a resource that means this very account, or an account for it.
    Push {
        /// The identity provider, by the name of its token.
        idp: String,
        /// The resource.
        resource: String,
    },
    /// It follows from a finding.
    Finding {
        /// Which.
        finding: FindingId,
    },
}

impl Wish {
    /// A person's wish about one account.
    pub fn by_person(
        name: impl Into<String>,
        account: AccountRef,
        op: Op,
        because: impl Into<String>,
    ) -> Self {
        Self {
            subject: Subject::Account { account },
            want: Want::Act { op },
            asked: Asked::Person { name: name.into() },
            because: because.into(),
            heir: None,
        }
    }
}

/// The wishes for somebody who leaves: everything that they have is closed, and their grants are
/// revoked too where the policy says so. Machine accounts that they answer for and accounts that are
/// only suggested to be theirs come along, so that the plan says why it leaves them alone. In an
/// instance that nothing reads, somebody is to look whether there is anything. `heir` takes over what
/// they own, wherever something must be removed.
pub fn offboard(
    graph: &Graph,
    identity: &IdentityId,
    heir: Option<&IdentityId>,
    policy: &Policy,
) -> Vec<Wish> {
    let name = graph.identity(identity).map_or(identity.as_str(), |i| i.name.as_str());
    let wish = |account: &Account, want: Want, because: String| Wish {
        subject: Subject::Account { account: account.account_ref() },
        want,
        asked: Asked::Offboard { identity: identity.clone() },
        because,
        heir: heir.cloned(),
    };
    let mut wishes = Vec::new();
    for (account, _) in graph.accounts().filter(|(_, link)| concerns(link, identity)) {
        wishes.push(wish(account, Want::Close, format!("{name} leaves.")));
        if policy.revoke_on_leave {
            let direct = account.grants.iter().filter(|g| g.via.is_empty());
            wishes.extend(direct.map(|grant| {
                let op = Op::Revoke { entitlement: grant.entitlement.clone() };
                wish(account, Want::Act { op }, format!("{name} leaves."))
            }));
        }
    }
    let because = format!("{name} leaves.");
    wishes.extend(unseen_places(graph, identity).map(|instance| Wish {
        subject: Subject::Assignment { identity: identity.clone(), instance: instance.clone() },
        want: Want::Close,
        asked: Asked::Offboard { identity: identity.clone() },
        because: because.clone(),
        heir: heir.cloned(),
    }));
    wishes
}

/// The instances that nothing reads and in which the identity may have an account.
fn unseen_places<'a>(
    graph: &'a Graph,
    identity: &'a IdentityId,
) -> impl Iterator<Item = &'a InstanceName> {
    let is_for = |covers: &[String]| {
        covers.is_empty() || graph.records_of(identity).any(|one| covers.contains(&one.kind))
    };
    let unread = graph.views().iter().filter(|(_, view)| !view.is_read);
    unread.filter(move |(_, view)| is_for(&view.covers)).map(|(name, _)| name)
}

/// Whether an account is, or may be, the identity's.
fn concerns(link: &Link, identity: &IdentityId) -> bool {
    match &link.state {
        LinkState::Auto { owner } | LinkState::Confirmed { owner } => owner.identity == *identity,
        LinkState::Suggested { candidates } => candidates.iter().any(|c| c.identity == *identity),
        LinkState::None => false,
    }
}

/// The wishes that follow from findings: a leftover is suspended, a grant that outlived its reason
/// is revoked, a missing account is made. Every other finding needs a person, and the plan says so.
/// Findings that were put off must be left out by the caller.
pub fn from_findings(graph: &Graph, findings: &[Finding], policy: &Policy) -> Vec<Wish> {
    findings.iter().map(|finding| from_finding(graph, finding, policy)).collect()
}

/// The wishes that follow from what somebody should have in an instance that the policy names and
/// has not.
pub(super) fn birthright(graph: &Graph, findings: &[Finding], policy: &Policy) -> Vec<Wish> {
    let named = |finding: &&Finding| match &finding.subject {
        Subject::Assignment { instance, .. } => instance.as_str() != ANY_INSTANCE,
        _ => false,
    };
    findings.iter().filter(named).map(|finding| from_finding(graph, finding, policy)).collect()
}

fn from_finding(graph: &Graph, finding: &Finding, policy: &Policy) -> Wish {
    let wanted = match (finding.kind, &finding.subject) {
        (Kind::Leftover, subject @ Subject::Account { .. }) => {
            Ok((subject.clone(), Want::Act { op: Op::Suspend }))
        }
        (Kind::OutlivedGrant | Kind::ExtraGrant, Subject::Grant { account, entitlement }) => {
            let op = Op::Revoke { entitlement: entitlement.clone() };
            Ok((Subject::Account { account: account.clone() }, Want::Act { op }))
        }
        (Kind::Missing, subject @ Subject::Assignment { identity, instance }) => {
            nothing_of_theirs(graph, identity, instance)
                .and_then(|()| profile_for(graph, identity, instance, policy))
                .map(|profile| (subject.clone(), Want::Act { op: Op::Create { profile } }))
        }
        (kind, _) => Err(for_a_person(kind).to_owned()),
    };
    let (subject, want, because) = match wanted {
        Ok((subject, want)) => (subject, want, finding.because.clone()),
        Err(why) => (finding.subject.clone(), Want::Leave, why),
    };
    let asked = Asked::Finding { finding: finding.id.clone() };
    Wish { subject, want, asked, because, heir: None }
}

/// Whether no account there may be theirs already: a second one would stay when the first is linked.
fn nothing_of_theirs(
    graph: &Graph,
    identity: &IdentityId,
    instance: &InstanceName,
) -> Result<(), String> {
    let is_there = |account: &Account| {
        account.state != State::Gone
            && (account.instance == *instance || instance.as_str() == ANY_INSTANCE)
    };
    match graph.suggested_to(identity).find(|(account, _)| is_there(account)) {
        Some((account, _)) => Err(format!(
            "The account {} ({}) may be theirs already. Confirm or reject that link first.",
            account.account_ref(),
            account.login
        )),
        None => Ok(()),
    }
}

/// Why a finding of this kind makes no change by itself.
fn for_a_person(kind: Kind) -> &'static str {
    match kind {
        Kind::Orphan => "Nobody is known to own it; a person must say whose it is.",
        Kind::AmbiguousOwner => "Several people may own it; a person must choose.",
        Kind::DuplicateIdentity => "Two records may be one human; a person must say so.",
        Kind::DuplicateAccount => "A person must choose which of the two accounts stays.",
        Kind::SharedAccount => "Several people use it; closing it for one closes it for all.",
        Kind::UnownedMachine => "A machine may depend on it; a person must answer for it first.",
        Kind::Dormant => "Its owner still works here and may need it; a person must ask them.",
        Kind::Unmanaged => {
            "An identity provider pushes to the instance and does not know it; a person must say \
             whether it stays."
        }
        Kind::LooksLike => "A person must look whether one login was made to pass for the other.",
        Kind::DriftedAttribute => {
            "The identity provider and the app say different things; a person must say which is \
             right."
        }
        Kind::CredentialExpiring => "A person must make a new token and give it to the provider.",
        Kind::TaskOverdue => {
            "Somebody has the task already; `rollbook task show` says who, and it can be handed over."
        }
        Kind::ContradictedFact => {
            "A person must say which is right, what is written about the app or what was seen, and \
             mend the app's file or ask the vendor."
        }
        Kind::StaleView => "It must be read again before anything can be decided.",
        Kind::Leftover | Kind::OutlivedGrant | Kind::ExtraGrant | Kind::Missing => {
            "The finding does not name what could be changed."
        }
    }
}

/// The facts of an account to make for somebody, from the worker record alone. Nothing is guessed.
///
/// # Errors
/// A sentence that says what is missing, or that a person must choose.
pub fn profile_for(
    graph: &Graph,
    id: &IdentityId,
    instance: &InstanceName,
    policy: &Policy,
) -> Result<Profile, String> {
    if instance.as_str() == ANY_INSTANCE {
        return Err("Any instance would do; a person must choose in which.".to_owned());
    }
    let Some(identity) = graph.identity(id) else {
        return Err("The person is no longer known.".to_owned());
    };
    let Some(record) = current_record(graph, id, instance, policy) else {
        return Err("No worker record of this person has a work e-mail address, and a login is \
                    never guessed. Add the address at the source."
            .to_owned());
    };
    Ok(profile(identity, record))
}

/// The record to make an account from: with a work address, open-ended before ending, the latest
/// first; one that the birthright counts before one that it does not.
fn current_record<'a>(
    graph: &'a Graph,
    id: &IdentityId,
    instance: &InstanceName,
    policy: &Policy,
) -> Option<&'a WorkerRecord> {
    let counts = |record: &WorkerRecord| {
        policy.birthright.iter().any(|b| {
            b.instance == *instance
                && (b.kinds.is_empty() || b.kinds.contains(&record.kind))
                && (b.units.is_empty() || b.units.contains(&record.placement.unit))
        })
    };
    graph
        .records_of(id)
        .filter(|record| record.work_emails.iter().any(|e| !e.trim().is_empty()))
        .max_by_key(|r| (counts(r), r.ends.is_none(), r.ends, r.starts, r.record_ref()))
}

fn profile(identity: &Identity, record: &WorkerRecord) -> Profile {
    let first = |options: [&str; 2]| {
        options.into_iter().map(str::trim).find(|t| !t.is_empty()).unwrap_or("").to_owned()
    };
    let address = record.work_emails.iter().map(|e| e.trim()).find(|e| !e.is_empty());
    let address = address.unwrap_or("").to_owned();
    let family = format!("{} {}", record.name.prefix.trim(), record.name.family.trim());
    Profile {
        login: address.clone(),
        display_name: first([&record.name.display, &identity.name]),
        given_name: first([&record.name.used, &record.name.given]),
        family_name: first([&record.name.family_in_use, &family]),
        email: address,
        external_id: identity.id.as_str().to_owned(),
        worker_number: record.number.as_str().to_owned(),
    }
}
