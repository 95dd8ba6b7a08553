//! The tools: a closed list. Nine read, three propose; nothing else can be called.

use std::sync::Arc;

use rmcp::handler::server::tool::schema_for_input;
use rmcp::model::{JsonObject, Tool as ListedTool, ToolAnnotations};
use rollbook_engine::Result;

use super::arguments;
use super::desk::Turn;
use super::reply::{self, Reply};
use super::{ask, propose};

/// What an assistant can call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tool {
    WhoHas,
    WhatHas,
    Findings,
    LeaverStatus,
    Coverage,
    AppGuide,
    ExplainLink,
    PlanStatus,
    EvidenceFor,
    ProposeOffboarding,
    ProposePlan,
    ProposeLink,
}

/// One tool in words.
struct Words {
    tool: Tool,
    name: &'static str,
    title: &'static str,
    description: &'static str,
}

/// What an assistant reads of each tool.
const WORDS: [Words; 12] = [
    Words {
        tool: Tool::WhoHas,
        name: "who_has",
        title: "Who has an account in an app",
        description: "The accounts in an instance or app: whose each is, how sure that is, whether it \
                      lets anybody in, and what is wrong with it. Says first how well the app was seen.",
    },
    Words {
        tool: Tool::WhatHas,
        name: "what_has",
        title: "What a person has",
        description: "Every account that is surely, or may be, one person's, in all apps.",
    },
    Words {
        tool: Tool::Findings,
        name: "findings",
        title: "What is wrong",
        description: "Findings with the facts they rest on, worst first: accounts of leavers, accounts \
                      that nobody owns, dormant seats, views that are too old, and so on.",
    },
    Words {
        tool: Tool::LeaverStatus,
        name: "leaver_status",
        title: "How far it is with leavers",
        description: "Who has left and what is still open of theirs, with the plans that close it; or \
                      the same of one person.",
    },
    Words {
        tool: Tool::Coverage,
        name: "coverage",
        title: "What is seen and what is not",
        description: "Every source and instance: when it was read, whether wholly, which way. What was \
                      not seen comes first. Ask this before you say that something does not exist.",
    },
    Words {
        tool: Tool::AppGuide,
        name: "app_guide",
        title: "What is known about an app",
        description: "The guide of an app's user management, line by line: what can be done, by which \
                      way, which traps there are, and how well each statement is known.",
    },
    Words {
        tool: Tool::ExplainLink,
        name: "explain_link",
        title: "Why an account is taken to be somebody's",
        description: "Whose an account is or may be, by which rule, with the evidence, and what people \
                      decided about it.",
    },
    Words {
        tool: Tool::PlanStatus,
        name: "plan_status",
        title: "What a plan would do and how far it is",
        description: "One plan, change by change, with what stops it, who must approve it, who did, and \
                      how its run went; without an id, the list of all plans.",
    },
    Words {
        tool: Tool::EvidenceFor,
        name: "evidence_for",
        title: "What proof there is",
        description: "What was sent, answered and seen again about a person's accounts or in a run, with \
                      the events of the audit chain that seal it. That it was read is recorded.",
    },
    Words {
        tool: Tool::ProposeOffboarding,
        name: "propose_offboarding",
        title: "Propose to close everything that a leaver has",
        description: "Makes a plan and does nothing else. A named person, who is not the one for whom \
                      you ask, approves or rejects it in Rollbook.",
    },
    Words {
        tool: Tool::ProposePlan,
        name: "propose_plan",
        title: "Propose changes of accounts",
        description: "Makes a plan that settles findings or changes single accounts, and does nothing \
                      else. A named person, who is not the one for whom you ask, approves or rejects it.",
    },
    Words {
        tool: Tool::ProposeLink,
        name: "propose_link",
        title: "Propose whose an account is",
        description: "Writes down that an account may be, or may not be, somebody's, for a person to \
                      decide. Nothing is linked by it.",
    },
];

impl Tool {
    /// All of them, in the order in which they are listed.
    pub(super) const ALL: [Self; 12] = [
        Self::WhoHas,
        Self::WhatHas,
        Self::Findings,
        Self::LeaverStatus,
        Self::Coverage,
        Self::AppGuide,
        Self::ExplainLink,
        Self::PlanStatus,
        Self::EvidenceFor,
        Self::ProposeOffboarding,
        Self::ProposePlan,
        Self::ProposeLink,
    ];

    /// As it is called.
    pub(super) fn name(self) -> &'static str {
        self.words().name
    }

    /// Whether it writes something down for people to decide.
    pub(super) fn proposes(self) -> bool {
        matches!(self, Self::ProposeOffboarding | Self::ProposePlan | Self::ProposeLink)
    }

    /// Does it.
    ///
    /// # Errors
    /// When the arguments are wrong, what they name is not known, or a rule forbids it.
    pub(super) fn call(self, turn: &Turn, with: JsonObject) -> Result<Reply> {
        match self {
            Self::WhoHas => ask::who_has(turn, &arguments::read(with)?),
            Self::WhatHas => ask::what_has(turn, &arguments::read(with)?),
            Self::Findings => ask::findings(turn, arguments::read(with)?),
            Self::LeaverStatus => ask::leaver_status(turn, &arguments::read(with)?),
            Self::Coverage => ask::coverage(turn, arguments::read(with)?),
            Self::AppGuide => ask::app_guide(turn, &arguments::read(with)?),
            Self::ExplainLink => ask::explain_link(turn, &arguments::read(with)?),
            Self::PlanStatus => ask::plan_status(turn, &arguments::read(with)?),
            Self::EvidenceFor => ask::evidence_for(turn, &arguments::read(with)?),
            Self::ProposeOffboarding => propose::offboarding(turn, &arguments::read(with)?),
            Self::ProposePlan => propose::plan(turn, &arguments::read(with)?),
            Self::ProposeLink => propose::link(turn, &arguments::read(with)?),
        }
    }

    /// As the protocol lists it.
    pub(super) fn listed(self) -> ListedTool {
        let Words { name, title, description, .. } = *self.words();
        // Asking again for a plan makes another one; a link is proposed once.
        let is_idempotent = !matches!(self, Self::ProposeOffboarding | Self::ProposePlan);
        let annotations = ToolAnnotations::with_title(title)
            .read_only(!self.proposes())
            .destructive(false)
            .idempotent(is_idempotent)
            .open_world(false);
        ListedTool::new(name, description, self.input())
            .with_title(title)
            .with_annotations(annotations)
            .with_raw_output_schema(Arc::new(reply::schema()))
    }

    fn input(self) -> Arc<JsonObject> {
        let schema = match self {
            Self::WhoHas => schema_for_input::<arguments::WhoHas>(),
            Self::WhatHas => schema_for_input::<arguments::WhatHas>(),
            Self::Findings => schema_for_input::<arguments::Findings>(),
            Self::LeaverStatus => schema_for_input::<arguments::LeaverStatus>(),
            Self::Coverage => schema_for_input::<arguments::Paged>(),
            Self::AppGuide => schema_for_input::<arguments::AppGuide>(),
            Self::ExplainLink => schema_for_input::<arguments::ExplainLink>(),
            Self::PlanStatus => schema_for_input::<arguments::PlanStatus>(),
            Self::EvidenceFor => schema_for_input::<arguments::EvidenceFor>(),
            Self::ProposeOffboarding => schema_for_input::<arguments::ProposeOffboarding>(),
            Self::ProposePlan => schema_for_input::<arguments::ProposePlan>(),
            Self::ProposeLink => schema_for_input::<arguments::ProposeLink>(),
        };
        schema.expect("the arguments of every tool are an object, as the tests try")
    }

    fn words(self) -> &'static Words {
        WORDS.iter().find(|words| words.tool == self).expect("each tool has words, as a test tries")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tool_reads_or_proposes_and_its_schema_refuses_what_it_does_not_know() {
        for tool in Tool::ALL {
            let listed = tool.listed();
            let annotations = listed.annotations.expect("each has them");
            assert_eq!(annotations.read_only_hint, Some(!tool.proposes()), "{tool:?}");
            assert_eq!(annotations.destructive_hint, Some(false), "{tool:?}");
            assert_eq!(listed.input_schema["type"], "object", "{tool:?}");
            assert_eq!(listed.input_schema["additionalProperties"], false, "{tool:?}");
            let word = listed.name.split('_').next().unwrap_or_default().to_owned();
            assert_eq!(word == "propose", tool.proposes(), "{tool:?}");
        }
    }

    /// The engine's operations that decide or act. Nothing in this folder may name one.
    const ACTS: [&str; 15] = [
        ".approve(",
        ".apply(",
        ".resume(",
        ".pause_run(",
        ".unpause_run(",
        ".cancel_run(",
        ".decide(",
        ".put_off(",
        ".sync(",
        ".erase(",
        ".deliver",
        ".probe(",
        "mint_token",
        "rotate_token",
        "revoke_token",
    ];

    #[test]
    fn no_tool_can_reach_what_approves_applies_or_decides() {
        let files = [
            include_str!("mod.rs"),
            include_str!("arguments.rs"),
            include_str!("ask.rs"),
            include_str!("book.rs"),
            include_str!("desk.rs"),
            include_str!("http.rs"),
            include_str!("prompt.rs"),
            include_str!("propose.rs"),
            include_str!("reply.rs"),
            include_str!("resource.rs"),
        ];
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/mcp");
        let there = std::fs::read_dir(folder).expect("the folder of this file").count();
        assert_eq!(there, files.len() + 1, "a file that is not read here could do anything");
        let this = include_str!("tool.rs");
        let own = this.split("#[cfg(test)]").next().unwrap_or_default();
        for text in files.into_iter().chain([own]) {
            for act in ACTS {
                assert!(!text.contains(act), "{act} stands in {text}");
            }
        }
    }
}
