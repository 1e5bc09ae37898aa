//! Arguments may be patterns of any kind and bear any name, or the macro's own names would be forbidden ones.

use bristle::prelude::*;

static CLIENT: OnceCell<WebSocketClient> = OnceCell::new();

#[derive(serde::Deserialize)]
struct Add {
    a: i64,
    b: i64,
}

#[on_message(CLIENT)]
async fn add(Json(Add { a, b }): Json<Add>, mut text: String, _: Message, event: Option<Text>) -> String {
    text.push_str(&(a + b).to_string());
    drop(event);
    text
}

#[on_message(CLIENT)]
async fn event(__argument_0: Result<Text, Reject>, message: Message) -> impl Into<Message> {
    drop(__argument_0);
    message
}

#[on_message(CLIENT)]
async fn r#match(#[allow(unused_variables)] config: Message, problems: Bytes) -> Vec<Option<&'static str>> {
    drop(problems);
    vec![Some("a"), None]
}

fn main() {}
