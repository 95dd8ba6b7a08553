//! The table of `docs/identity-keys.md`, pushed: what it says is what the database does.

use rollbook_core::finding::{Kind, Since};
use rollbook_scim::server::ResourceType::User;

use crate::book::also_on_postgres;
use crate::push_scene::{PushScene, user};

also_on_postgres!(logins_are_the_same_different_or_refused_as_the_page_says,);

/// The rows of the table: one login, the other, the verdict.
fn table() -> Vec<(String, String, String)> {
    let page = include_str!("../../../../docs/identity-keys.md");
    let rows = page.lines().filter(|line| line.starts_with("| `"));
    let cells = rows.map(|row| row.split('|').map(str::trim).collect::<Vec<_>>());
    let login = |cell: &str| unescaped(cell.trim_matches('`'));
    cells.map(|cell| (login(cell[1]), login(cell[2]), cell[3].to_owned())).collect()
}

/// The text with its `\u{...}` read.
fn unescaped(text: &str) -> String {
    let mut parts = text.split("\\u{");
    let mut plain = parts.next().unwrap().to_owned();
    for part in parts {
        let (digits, rest) = part.split_once('}').unwrap();
        plain.push(char::from_u32(u32::from_str_radix(digits, 16).unwrap()).unwrap());
        plain.push_str(rest);
    }
    plain
}

/// How many pairs of logins the book says to look alike.
fn looks_like(scene: &PushScene) -> usize {
    scene.engine().reconcile().unwrap();
    let open = scene.engine().findings().unwrap().into_iter();
    let open = open.filter(|one| one.standing.change != Since::Gone);
    open.filter(|one| one.finding.kind == Kind::LooksLike).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn logins_are_the_same_different_or_refused_as_the_page_says() {
    let rows = table();
    assert!(rows.len() > 30, "the table is read");
    let scene = PushScene::new();
    for (one, other, verdict) in rows {
        let mut answers = Vec::new();
        let mut made = Vec::new();
        for login in [&one, &other] {
            let mut body = user("x");
            body["userName"] = serde_json::json!(login);
            let (status, answer) = scene.create(User, body).await;
            answers.push(status);
            made.extend(answer["id"].as_str().map(str::to_owned));
        }
        let expected = match verdict.as_str() {
            "same" => [201, 409],
            "different" | "looks like" => [201, 201],
            "refused" => [400, 201],
            other => panic!("{other} is no verdict"),
        };
        assert_eq!(answers, expected, "{one:?} and {other:?} are {verdict}");
        let found = looks_like(&scene);
        assert_eq!(found, usize::from(verdict == "looks like"), "{one:?} and {other:?}");
        for id in made {
            assert_eq!(scene.delete(User, &id).await.0, 204);
        }
    }
}
