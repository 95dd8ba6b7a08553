//! Every app of the catalog through its real channel, against a vendor made from its file: read
//! whole, then each operation once, with a second look by the channel that it took, and the vendor's
//! own count of what happened.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rollbook_catalog::rest::{Blank, Pointer, Rest};
use rollbook_catalog::{App, Catalog, Hurt, RequestOp};
use rollbook_core::account::{Account, State};
use rollbook_core::change::{Basis, Change, Op, Verb};
use rollbook_core::snapshot::Coverage;
use rollbook_core::step::{Outcome, Seen, Verdict, judge};
use rollbook_engine::channel::rest::{RestChannel, RestSettings};
use rollbook_engine::channel::scim::{ScimChannel, ScimSettings};
use rollbook_engine::channel::{Channel, Observation};
use rollbook_engine::secret::Secret;
use rollbook_testkit::ledger::Ledger;
use rollbook_testkit::rest_vendor::Held;
use rollbook_testkit::scim_vendor::DeleteMeans;
use rollbook_testkit::{Profile, RestVendor, ScimVendor};
use serde_json::json;

use crate::changes::{change, create, update};
