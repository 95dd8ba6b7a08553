//! Which file answers which question of which framework.

/// One file: what it holds, and the criteria that it serves.
pub(super) struct Serves {
    pub(super) file: &'static str,
    pub(super) holds: &'static str,
    pub(super) soc2: &'static str,
    pub(super) iso27001: &'static str,
    pub(super) sox: &'static str,
}

const fn row(
    file: &'static str,
    holds: &'static str,
    soc2: &'static str,
    iso27001: &'static str,
    sox: &'static str,
) -> Serves {
    Serves { file, holds, soc2, iso27001, sox }
}

/// SOC 2 (CC6.1 to CC6.3), ISO/IEC 27001:2022 (A.5.15 to A.5.18, A.8.2), and the general controls of SOX
/// audits, for each file in its order.
pub(super) const MAP: [Serves; 20] = [
    row("apps_in_scope", "Every app that is looked after.", "CC6.1", "A.5.15", "population"),
    row(
        "accounts_asof",
        "Every account.",
        "CC6.1, CC6.3",
        "A.5.16, A.5.18",
        "population, current users",
    ),
    row("joiners", "Who came, and what they were given.", "CC6.2", "A.5.16, A.5.18", "new users"),
    row("leavers", "Who left, and what was closed.", "CC6.2, CC6.3", "A.5.18", "leavers"),
    row("movers", "Who moved, and what was changed.", "CC6.3", "A.5.18", "transfers"),
    row("leaver_vs_active", "Who left and still gets in.", "CC6.2", "A.5.18", "leavers"),
    row("recently_disabled", "What was closed.", "CC6.2", "A.5.18", "leavers"),
    row("access_review", "What reviews decided.", "CC6.3", "A.5.18", "periodic review"),
    row("privileged", "Who administrates.", "CC6.1, CC6.3", "A.8.2", "privileged access"),
    row(
        "orphans_shared_service",
        "What nobody or several people own.",
        "CC6.1",
        "A.5.16, A.5.17",
        "shared accounts",
    ),
    row("inactive", "What nobody uses.", "CC6.2", "A.5.18", "current users"),
    row("sod", "What was refused because of who asked.", "CC6.3", "A.5.15", "separation of duties"),
    row("approvals", "Who agreed to what.", "CC6.2, CC6.3", "A.5.15, A.5.18", "new users, changes"),
    row(
        "effects",
        "What was done, and how it was seen.",
        "CC6.2, CC6.3",
        "A.5.18",
        "new users, leavers",
    ),
    row("exceptions", "What did not go as wished.", "CC6.2, CC6.3", "A.5.18", "deviations"),
    row(
        "config_changes",
        "What was changed of the controls.",
        "CC6.1",
        "A.5.15",
        "change management",
    ),
    row("control_runs", "Whether the controls ran.", "CC6.1", "A.5.15", "operating effectiveness"),
    row("own_access", "Who may use Rollbook.", "CC6.1", "A.5.15, A.8.2", "privileged access"),
    row("notifications", "Who was told.", "CC6.2", "A.5.18", "leavers"),
    row(
        "events, bodies, checkpoints",
        "The audit chain, with `verify_pack.py` and `evidence.md` to check it.",
        "CC6.1",
        "A.5.15",
        "completeness and accuracy",
    ),
];
