//! What `[instance.scim]` says reaches the channel: told by what the vendor is asked.

use std::path::Path;

use rollbook_core::snapshot::Coverage;
use rollbook_engine::Engine;
use rollbook_engine::clock::Clock;
use rollbook_engine::progress::Quiet;
use rollbook_testkit::{Fault, Profile, ScimVendor, Twist};
use serde_json::json;

/// A vendor with eight people and a group, read by a workspace with `more` below
/// `[instance.scim]`: its coverage, or why it could not be read, and the vendor.
async fn read_with(more: &str, fault: Option<Fault>) -> (Result<Coverage, String>, ScimVendor) {
    let vendor = ScimVendor::start(Profile::full()).await.expect("a free port");
    for at in 1..=8 {
        vendor.seed_user(json!({"id": at.to_string(), "userName": format!("u{at}@x.example")}));
    }
    vendor.seed_group(json!({"displayName": "Sales", "members": [{"value": "1"}]}));
    fault.into_iter().for_each(|fault| vendor.fault(fault));
    let dir = tempfile::tempdir().expect("a folder");
    Engine::init(dir.path(), "Example").expect("a workspace");
    write_private(&dir.path().join("token"), &vendor.token());
    let config = format!(
        "[workspace]\nname = \"Example\"\ntime_zone = \"UTC\"\n[[instance]]\nname = \"wiki\"\n\
         [instance.scim]\nbase_url = \"{}\"\ntoken = {{ file = \"token\" }}\nallow_private = true\n\
         page_size = 3\n{more}",
        vendor.url()
    );
    std::fs::write(dir.path().join("rollbook.toml"), config).expect("written");
    let engine = Engine::open(dir.path(), Clock::System).expect("the workspace opens");
    let synced = engine.sync(&[], &Quiet).await.expect("the sync ends");
    let read = synced.instances.into_iter().next().expect("there is one instance").read;
    let coverage = read.map(|head| head.coverage).map_err(|error| error.to_string());
    (coverage, vendor)
}

fn write_private(path: &Path, text: &str) {
    std::fs::write(path, text).expect("it is written");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let private = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(path, private).expect("it is private");
    }
}

#[tokio::test]
async fn groups_are_not_asked_for_where_there_are_none() {
    let asks_for_groups =
        |vendor: &ScimVendor| vendor.asked().iter().any(|asked| asked.target.contains("/Groups"));
    let (coverage, vendor) = read_with("", None).await;
    assert_eq!((coverage, asks_for_groups(&vendor)), (Ok(Coverage::Complete), true));
    let (coverage, vendor) = read_with("no_groups = true", None).await;
    assert_eq!((coverage, asks_for_groups(&vendor)), (Ok(Coverage::Complete), false));
}

#[tokio::test]
async fn totals_that_are_said_to_be_useless_are_not_believed() {
    let lie = || Some(Fault::on("GET", "/Users", Twist::TotalResults { is: json!(3) }));
    let (coverage, _) = read_with("", lie()).await;
    assert!(matches!(coverage, Ok(Coverage::Partial { .. })), "{coverage:?}");
    let (coverage, _) = read_with("totals_unusable = true", lie()).await;
    assert_eq!(coverage, Ok(Coverage::Complete));
}

#[tokio::test]
async fn a_list_is_read_up_to_its_limit() {
    let (coverage, _) = read_with("resources_max = 5", None).await;
    let why = "There are more than 5 entries, so the reading was ended.".to_owned();
    assert_eq!(coverage, Ok(Coverage::Partial { why }));
}
