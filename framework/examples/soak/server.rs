//! The serving process: the endpoint, the ledger, and the proxy before it.

use crate::cutter::{self, Plan};
use crate::ledger::{Hello, Ledger};
use crate::options::{FILES_PER_CLIENT, Options, allow_files};
use bristle::prelude::*;
use bristle::settings::Settings;
use bristle::{Registry, Result, Runtime};
use std::sync::OnceLock;
use tokio::io::{AsyncBufReadExt, BufReader, stdin};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

static LEDGER: OnceLock<Ledger> = OnceLock::new();

/// An old connection may still be closing when the client's next one is there.
#[endpoint("/soak/{client}", max_connections = 100_000)]
static SOAK: OnceCell<Endpoint> = OnceCell::new();

#[on_message(SOAK)]
async fn heard(text: String, connection: Connection) -> Option<String> {
    let ledger = LEDGER.get()?;
    let client: usize = connection.parameter("client")?.parse().ok()?;
    let (word, rest) = text.split_once(' ')?;
    let numbers: Vec<u64> = rest.split(' ').map_while(|number| number.parse().ok()).collect();
    match (word, numbers.as_slice()) {
        ("hello", &[gone, lost, greetings]) => {
            ledger.hello(client, connection.id(), connection.handshake().peer, Hello { gone, lost, greetings });
            None
        }
        ("bye", &[sent]) => {
            ledger.goodbye(client, sent);
            Some(text)
        }
        _ => {
            let Ok(number) = word.parse() else {
                ledger.nonsense(client, &text);
                return None;
            };
            ledger.number(client, connection.id(), number);
            Some(word.to_owned())
        }
    }
}

/// Says where it listens, cuts connections until it is told `calm`, answers `report`, and ends with its input.
pub(crate) async fn run(options: &Options) -> Result<()> {
    allow_files(options.clients * FILES_PER_CLIENT)?;
    LEDGER.set(Ledger::new(options.clients)).expect("it runs once");
    let settings = Settings::new().toml("soak", "node.listen = '127.0.0.1:0'")?;
    let registry = Registry::linked().in_module("soak::server");
    let running = Runtime::builder().settings(settings).registry(registry).build()?.launch().await?;

    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    let (calm, stop) = (CancellationToken::new(), CancellationToken::new());
    let plan = Plan {
        upstream: running.addresses()[0],
        seed: options.seed,
        life: options.life,
        ledger: LEDGER.get().expect("set above"),
        calm: calm.clone(),
    };
    let cutting = tokio::spawn(cutter::run(listener, plan, stop.clone()));

    let mut orders = BufReader::new(stdin()).lines();
    while let Some(order) = orders.next_line().await? {
        match order.as_str() {
            "calm" => calm.cancel(),
            "report" => {
                let report = LEDGER.get().expect("set above").report();
                println!("{}", serde_json::to_string(&report)?);
            }
            other => return Err(Error::msg(format!("`{other}` is no order: say `calm` or `report`"))),
        }
    }
    stop.cancel();
    cutting.await?;
    running.stop().await?;
    Ok(())
}
