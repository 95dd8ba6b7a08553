//! The identity graph of one person: records on the left, the person, accounts on the right. A whole
//! line is sure, a broken one waits for somebody's word.

use std::fmt::Write as _;

use rollbook_core::account::Account;
use rollbook_core::graph::Graph;
use rollbook_core::identity::Identity;
use rollbook_core::link::{Link, LinkState};

use super::{cut, text};
use crate::serve::web::lists::{account_page, words};

/// How many accounts are drawn; the table below lists all of them.
const ACCOUNTS_MAX: usize = 14;
/// How many records are drawn.
const RECORDS_MAX: usize = 8;
/// Places and sizes in the picture's own units.
const WIDTH: f64 = 760.0;
const ROW: f64 = 46.0;
const BOX: f64 = 36.0;
const RECORD: (f64, f64) = (4.0, 176.0);
const PERSON: (f64, f64) = (262.0, 170.0);
const ACCOUNT: (f64, f64) = (540.0, 216.0);

/// One box on either side.
struct Node {
    first: String,
    second: String,
    class: &'static str,
    edge: &'static str,
    on_edge: String,
    href: Option<String>,
}

/// The picture.
pub(crate) fn picture(graph: &Graph, identity: &Identity) -> String {
    let records: Vec<Node> = graph.records_of(&identity.id).map(record).collect();
    let sure = graph.accounts_of(&identity.id).map(|(account, link)| node(account, link, false));
    let perhaps = graph.suggested_to(&identity.id).map(|(account, link)| node(account, link, true));
    let accounts: Vec<Node> = sure.chain(perhaps).collect();
    let (left, right) = (bounded(records, RECORDS_MAX), bounded(accounts, ACCOUNTS_MAX));
    let rows = left.len().max(right.len()).max(1);
    let height = ROW * rows as f64 + 8.0;
    let middle = height / 2.0;
    let mut svg = format!(
        "<svg class=\"web\" viewBox=\"0 0 {WIDTH} {height}\" role=\"group\" \
         aria-label=\"How the records and accounts belong to {}; the tables below say the same\">",
        text(&identity.name)
    );
    let spots = |count: usize| {
        let top = middle - ROW * count as f64 / 2.0 + ROW / 2.0;
        (0..count).map(move |at| ROW.mul_add(at as f64, top))
    };
    for (node, y) in left.iter().zip(spots(left.len())) {
        edge(&mut svg, (RECORD.0 + RECORD.1, y), (PERSON.0, middle), node);
    }
    for (node, y) in right.iter().zip(spots(right.len())) {
        edge(&mut svg, (PERSON.0 + PERSON.1, middle), (ACCOUNT.0, y), node);
    }
    let person = Node {
        first: identity.name.clone(),
        second: String::new(),
        class: "person",
        edge: "",
        on_edge: String::new(),
        href: None,
    };
    draw(&mut svg, PERSON, middle, &person);
    for (node, y) in left.iter().zip(spots(left.len())) {
        draw(&mut svg, RECORD, y, node);
    }
    for (node, y) in right.iter().zip(spots(right.len())) {
        draw(&mut svg, ACCOUNT, y, node);
    }
    svg.push_str("</svg>");
    svg
}

fn record(record: &rollbook_core::worker::WorkerRecord) -> Node {
    let day = |day: Option<jiff::civil::Date>| day.map_or("open".to_owned(), |day| day.to_string());
    let last = record.ends.and_then(|end| end.yesterday().ok());
    Node {
        first: record.record_ref().to_string(),
        second: format!("{} to {}", day(record.starts), day(last)),
        class: if record.ends.is_some() { "record ending" } else { "record" },
        edge: "sure",
        on_edge: String::new(),
        href: None,
    }
}

fn node(account: &Account, link: &Link, is_perhaps: bool) -> Node {
    let shown = if account.login.is_empty() { account.key.as_str() } else { &account.login };
    let place = account_page(&link.account);
    let href = if is_perhaps { place.replacen("/accounts/", "/links/", 1) } else { place };
    let edge = match &link.state {
        LinkState::Confirmed { .. } => "confirmed",
        LinkState::Auto { .. } => "sure",
        LinkState::Suggested { .. } | LinkState::None => "perhaps",
    };
    let on_edge = if is_perhaps { "perhaps".to_owned() } else { words(&link.rule) };
    Node {
        first: shown.to_owned(),
        second: format!("{}, {}", account.instance, account.state.word()),
        class: if account.state.is_open() { "account open" } else { "account" },
        edge,
        on_edge,
        href: Some(href),
    }
}

/// As many as are drawn; the last one then says how many more there are.
fn bounded(mut nodes: Vec<Node>, max: usize) -> Vec<Node> {
    if nodes.len() > max {
        let more = nodes.len() - (max - 1);
        nodes.truncate(max - 1);
        nodes.push(Node {
            first: format!("{more} more"),
            second: "listed below".to_owned(),
            class: "more",
            edge: "sure",
            on_edge: String::new(),
            href: None,
        });
    }
    nodes
}

fn edge(svg: &mut String, from: (f64, f64), to: (f64, f64), node: &Node) {
    let bend = (from.0 + to.0) / 2.0;
    let _ = write!(
        svg,
        "<path class=\"edge {}\" d=\"M{:.1} {:.1} C{bend:.1} {:.1} {bend:.1} {:.1} {:.1} {:.1}\"/>",
        node.edge, from.0, from.1, from.1, to.1, to.0, to.1
    );
    if !node.on_edge.is_empty() {
        let _ = write!(
            svg,
            "<text class=\"on-edge\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            to.0 - 8.0,
            to.1 - 5.0,
            text(&cut(&node.on_edge, 16))
        );
    }
}

fn draw(svg: &mut String, (x, width): (f64, f64), y: f64, node: &Node) {
    let open = node.href.as_ref().map(|href| format!("<a href=\"{}\">", text(href)));
    svg.push_str(open.as_deref().unwrap_or_default());
    let chars = (width / 7.6) as usize;
    let first = text(&cut(&node.first, chars));
    let up = if node.second.is_empty() { 4.5 } else { -2.5 };
    let _ = write!(
        svg,
        "<rect class=\"{}\" x=\"{x}\" y=\"{:.1}\" width=\"{width}\" height=\"{BOX}\" rx=\"5\"/>\
         <text class=\"first\" x=\"{:.1}\" y=\"{:.1}\">{first}<title>{}</title></text>",
        node.class,
        y - BOX / 2.0,
        x + 9.0,
        y + up,
        text(&node.first)
    );
    if !node.second.is_empty() {
        let second = text(&cut(&node.second, (width / 6.2) as usize));
        let _ = write!(
            svg,
            "<text class=\"second\" x=\"{:.1}\" y=\"{:.1}\">{second}</text>",
            x + 9.0,
            y + 12.0
        );
    }
    if open.is_some() {
        svg.push_str("</a>");
    }
}
