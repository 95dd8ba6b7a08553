//! What the packages of the tree may be: their licences, where they come from, and who may use
//! which, judged by `deny.toml`. The full check is `make deny`; this one needs no other program.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde_json::Value as Json;
use toml::Value as Toml;

use super::{Complaint, Text};

/// Checks what `cargo metadata` says against `deny.toml`.
///
/// # Errors
/// One of the two texts cannot be read.
pub(crate) fn check(deny: &Text, metadata: &str) -> Result<Vec<Complaint>> {
    let rules: Toml = toml::from_str(&deny.text).context("deny.toml is no TOML")?;
    let tree: Json = serde_json::from_str(metadata).context("cargo metadata is no JSON")?;
    let packages = tree["packages"].as_array().context("cargo metadata lists no packages")?;
    let allowed = words(rules.get("licenses").and_then(|licences| licences.get("allow")));
    let mut complaints = Vec::new();
    for package in packages {
        let name = package["name"].as_str().unwrap_or("?");
        let expression = package["license"].as_str().unwrap_or("");
        if !permits(expression, &allowed) {
            let message = format!(
                "The package {name} is licensed `{expression}`, which [licenses] does not allow. \
                 Do without it, or allow the licence with a reason."
            );
            complaints.push(Complaint::new(&deny.path, 1, message));
        }
        let source = package["source"].as_str().unwrap_or("");
        if !source.is_empty() && !source.starts_with("registry+") {
            let message =
                format!("The package {name} comes from {source}. Use a released version.");
            complaints.push(Complaint::new(&deny.path, 1, message));
        }
    }
    complaints.extend(layers(deny, &rules, packages));
    Ok(complaints)
}

/// Packages that are denied, or used directly by a package that is not among their `wrappers`.
fn layers(deny: &Text, rules: &Toml, packages: &[Json]) -> Vec<Complaint> {
    let bans = rules.get("bans").and_then(|bans| bans.get("deny")).and_then(Toml::as_array);
    let bans: BTreeMap<&str, Vec<&str>> = bans
        .into_iter()
        .flatten()
        .filter_map(|ban| Some((ban.get("crate")?.as_str()?, words(ban.get("wrappers")))))
        .collect();
    let mut complaints = Vec::new();
    for package in packages {
        let user = package["name"].as_str().unwrap_or("?");
        let ours = package["source"].is_null();
        for used in package["dependencies"].as_array().into_iter().flatten() {
            let used_name = used["name"].as_str().unwrap_or("?");
            // What others use optionally or only in their own tests is not in our tree.
            let in_tree = ours || (used["kind"].is_null() && used["optional"] == Json::Bool(false));
            let Some(wrappers) = bans.get(used_name).filter(|_| in_tree) else { continue };
            if !wrappers.contains(&user) {
                let message = format!(
                    "{user} uses {used_name}, which [bans] keeps to {wrappers:?}. Go through one of \
                     them, or add a wrapper with a reason."
                );
                complaints.push(Complaint::new(&deny.path, 1, message));
            }
        }
    }
    complaints
}

fn words(list: Option<&Toml>) -> Vec<&str> {
    list.and_then(Toml::as_array).into_iter().flatten().filter_map(Toml::as_str).collect()
}

/// Whether the licence expression can be met with the allowed licences alone.
fn permits(expression: &str, allowed: &[&str]) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let tokens: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = tokens.as_slice();
    either(&mut rest, allowed) && rest.is_empty()
}

fn either(rest: &mut &[&str], allowed: &[&str]) -> bool {
    let mut met = both(rest, allowed);
    while take(rest, "OR") {
        met |= both(rest, allowed);
    }
    met
}

fn both(rest: &mut &[&str], allowed: &[&str]) -> bool {
    let mut met = one(rest, allowed);
    while take(rest, "AND") {
        met &= one(rest, allowed);
    }
    met
}

fn one(rest: &mut &[&str], allowed: &[&str]) -> bool {
    if take(rest, "(") {
        let met = either(rest, allowed);
        return take(rest, ")") && met;
    }
    let Some((licence, after)) = rest.split_first() else { return false };
    *rest = after;
    if let ["WITH", exception, after @ ..] = *rest {
        *rest = after;
        return allowed.contains(&format!("{licence} WITH {exception}").as_str());
    }
    allowed.contains(licence)
}

fn take(rest: &mut &[&str], word: &str) -> bool {
    let found = rest.first() == Some(&word);
    if found {
        *rest = &rest[1..];
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const DENY: &str = r#"
        [licenses]
        allow = ["MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "Unicode-3.0"]
        [bans]
        deny = [{ crate = "reqwest", wrappers = ["rollbook-engine"] }, { crate = "openssl" }]
    "#;

    fn complaints(packages: &str) -> Vec<String> {
        let metadata = format!("{{\"packages\":[{packages}]}}");
        let found = check(&Text::new("deny.toml", DENY), &metadata).expect("both texts are fine");
        found.into_iter().map(|c| c.message.split(". ").next().unwrap_or("").to_owned()).collect()
    }

    #[test]
    fn an_expression_is_met_by_any_side_of_or_and_by_every_side_of_and() {
        let allowed = ["MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "Unicode-3.0"];
        for fine in [
            "MIT",
            "GPL-3.0 OR MIT",
            "MIT/Apache-2.0",
            "(MIT OR GPL-3.0) AND Unicode-3.0",
            "Apache-2.0 WITH LLVM-exception OR GPL-2.0",
        ] {
            assert!(permits(fine, &allowed), "{fine}");
        }
        for not in ["", "GPL-3.0", "MIT AND GPL-3.0", "(MIT", "MIT WITH GCC-exception", "MIT MIT"] {
            assert!(!permits(not, &allowed), "{not}");
        }
    }

    #[test]
    fn a_package_under_a_licence_that_is_not_allowed_is_found() {
        let found = complaints(r#"{"name":"viral","license":"AGPL-3.0","source":"registry+x"}"#);
        assert_eq!(
            found,
            ["The package viral is licensed `AGPL-3.0`, which [licenses] does not allow"]
        );
    }

    #[test]
    fn a_package_from_a_repository_is_found() {
        let found =
            complaints(r#"{"name":"new","license":"MIT","source":"git+https://x.example"}"#);
        assert_eq!(found, ["The package new comes from git+https://x.example"]);
    }

    #[test]
    fn a_layer_that_reaches_past_its_wrapper_is_found() {
        let package = |name: &str, uses: &str| {
            format!(
                r#"{{"name":"{name}","license":"MIT","source":null,
                    "dependencies":[{{"name":"{uses}","kind":null,"optional":false}}]}}"#
            )
        };
        assert_eq!(complaints(&package("rollbook-engine", "reqwest")), [""; 0]);
        let found = complaints(&package("rollbook", "reqwest"));
        assert_eq!(found, ["rollbook uses reqwest, which [bans] keeps to [\"rollbook-engine\"]"]);
        let found = complaints(&package("rollbook", "openssl"));
        assert_eq!(found, ["rollbook uses openssl, which [bans] keeps to []"]);
    }
}
