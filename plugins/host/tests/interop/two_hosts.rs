//! Two hosts: the greeter of one is a client of the other one's endpoint.

use crate::host::{GREETER_URL, Host};

#[tokio::test]
async fn a_host_that_was_killed_and_restarted_is_found_again_with_one_line_down_and_one_line_up() {
    let mut server = Host::start(&[]);
    let address = server.address().await.to_string();
    let mut client = Host::start(&[(GREETER_URL, &format!("ws://{address}/echo"))]);
    client.logged("the server answers: hello").await;

    server.kill();
    client.logged("connection lost").await;
    let mut server = Host::start_at(&address, &[]);
    server.logged("a peer connected").await;
    let up = client.logged("connected again").await;
    assert!(up["attempts"].is_u64() && up["downtime"].is_string(), "{up}");
    client.logged("the server answers: hello").await;

    let records = client.stop("").await;
    let of_the_client = |record: &&serde_json::Value| {
        record["target"].as_str().is_some_and(|target| target.starts_with("bristle::client"))
    };
    let said: Vec<_> = records.iter().filter(of_the_client).map(|record| &record["message"]).collect();
    assert_eq!(said, ["connected", "connection lost", "connected again", "connection closed"]);
    server.stop("").await;
}
