//! Every app file with a REST route makes a vendor.

use rollbook_catalog::Catalog;
use rollbook_testkit::RestVendor;

#[tokio::test]
async fn every_file_with_a_rest_route_makes_a_vendor() {
    let mut wrong = Vec::new();
    for app in Catalog::embedded().apps().filter(|app| app.rest.is_some()) {
        if let Err(error) = RestVendor::start(app).await {
            wrong.extend(error.to_string().lines().map(|line| format!("{}: {line}", app.id)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
