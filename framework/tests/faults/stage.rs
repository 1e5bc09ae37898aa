//! A client behind a proxy before a server, the books that it keeps, and what must hold of them in the end.

use crate::proxy::{End, Fault, Proxy};
use crate::server::Server;
use bristle::{Close, ConnectionState, Message, Reconnect, WebSocketClient, WebSocketClientBuilder};
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;
use tracing::subscriber::DefaultGuard;

/// Long enough for any machine: it only keeps a broken test from hanging.
const GUARD: Duration = Duration::from_secs(60);

/// Waits for what must come.
pub async fn within<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(GUARD, future).await.expect("it did not come within 60 s")
}

/// Waits for a state of things that nobody announces.
pub async fn until(what: &str, mut is: impl FnMut() -> bool) {
    let came = async {
        while !is() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(GUARD, came).await.unwrap_or_else(|_| panic!("within 60 s it did not come to this: {what}"));
}

/// What the client's callbacks saw.
#[derive(Debug, Default)]
pub struct Books {
    /// How many messages were gone whenever a connection opened: the number that had to come next.
    pub begins: Vec<u64>,
    pub closes: Vec<Close>,
    /// The numbers that came back, by connection.
    pub echoes: Vec<Vec<u64>>,
}

pub struct Stage {
    pub server: Server,
    pub proxy: Proxy,
    pub client: WebSocketClient,
    pub books: Arc<watch::Sender<Books>>,
    pub log: Log,
    sent: u64,
    /// Tasks that were alive before.
    tasks: usize,
}

impl Stage {
    /// A client that was started, with connections that suffer what `script` says.
    pub async fn set(script: impl IntoIterator<Item = Fault>) -> Self {
        Self::set_with(script, |builder| builder).await
    }

    /// As `set`, with more said about the client.
    pub async fn set_with(
        script: impl IntoIterator<Item = Fault>,
        configure: impl FnOnce(WebSocketClientBuilder) -> WebSocketClientBuilder,
    ) -> Self {
        let tasks = alive();
        let log = Log::start();
        let server = Server::start().await;
        let proxy = Proxy::start(server.address(), script).await;
        let books = Arc::new(watch::Sender::new(Books::default()));
        let builder = WebSocketClient::builder(format!("ws://{}/", proxy.address())).reconnect(hasty());
        let client = configure(kept(builder, &books)).build().expect("a good client");
        client.start().await;
        Self { server, proxy, client, books, log, sent: 0, tasks }
    }

    /// Sends the next numbers, each with as many bytes behind it.
    pub async fn send(&mut self, count: u64, padding: usize) {
        for _ in 0..count {
            let text = format!("{} {:padding$}", self.sent, "");
            within(self.client.send(text)).await.expect("messages are kept while there is no connection");
            self.sent += 1;
        }
    }

    pub fn sent(&self) -> u64 {
        self.sent
    }

    /// Waits until the server has the number that was sent last, sending on where that was lost with a connection.
    pub async fn arrive(&mut self) {
        loop {
            let last = self.sent.checked_sub(1).expect("something was sent");
            let stats = self.client.stats();
            let came = async { self.server.hears(last).await };
            if tokio::time::timeout(Duration::from_millis(500), came).await.is_ok() {
                return;
            }
            if stats.queued == 0 {
                self.send(1, 0).await;
            }
        }
    }

    /// Waits for the end of the connection with this number, the first of which is 0.
    pub async fn closed(&self, number: usize) -> Close {
        let mut books = self.books.subscribe();
        within(books.wait_for(|books| books.closes.len() > number)).await.expect("the stage holds the sender").closes
            [number]
            .clone()
    }

    /// Waits until so many connections were opened.
    pub async fn opened(&self, count: usize) {
        let mut books = self.books.subscribe();
        drop(within(books.wait_for(|books| books.begins.len() >= count)).await.expect("the stage holds the sender"));
        within(self.client.ready()).await.expect("nothing ends the trying");
    }

    /// The connection is cut, and another one opened.
    pub async fn cut(&self, end: End) -> Close {
        let (opened, closed) = {
            let books = self.books.borrow();
            (books.begins.len(), books.closes.len())
        };
        self.proxy.cut(end);
        let close = self.closed(closed).await;
        self.opened(opened + 1).await;
        close
    }

    /// Ends everything, checks the books, and that no task is left.
    pub async fn strike(mut self, missing: Missing) {
        within(self.arrive()).await;
        within(self.client.close()).await;
        assert_eq!(self.client.state(), ConnectionState::Closed);
        self.check(missing);
        let Self { server, proxy, client, books, tasks, .. } = self;
        drop((client, books));
        within(proxy.refuse()).await;
        within(server.kill()).await;
        until("no task is left", || alive() == tasks).await;
    }

    fn check(&self, missing: Missing) {
        let (heard, stats, books) = (self.server.heard(), self.client.stats(), self.books.borrow());
        let story = format!("{} sent, {stats:?}, begun with {:?}", self.sent, books.begins);
        let received = check_heard(&heard, &books.begins, &story);
        assert_eq!(stats.written + stats.lost + stats.queued as u64, self.sent, "every message is counted: {story}");
        assert_eq!(stats.queued, 0, "{story}");
        assert!(received <= stats.written, "{received} came: what came whole is no loss: {story}");
        let gone = self.sent - received;
        match missing {
            Missing::Nothing => assert_eq!((gone, stats.lost), (0, 0), "{story}"),
            Missing::Lost => assert_eq!(gone, stats.lost, "missing is what was lost, exactly: {story}"),
            Missing::OnTheWay => assert!(gone >= stats.lost, "{gone} are missing: {story}"),
        }
        let echoed: Vec<u64> = books.echoes.iter().flatten().copied().collect();
        assert!(echoed.is_sorted_by(|a, b| a < b), "an echo came twice or late: {echoed:?}");
        for echoes in &books.echoes {
            assert!(
                echoes.windows(2).all(|pair| pair[1] == pair[0] + 1),
                "within a connection none is left out: {echoes:?}"
            );
        }
    }
}

/// What may be missing at the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    Nothing,
    /// What the client counts as lost, no more and no less: all that it had written was read.
    Lost,
    /// That, and what the system had taken when a connection was cut.
    OnTheWay,
}

/// Numbers rise by one within a connection, each connection begins with the number that the client says is next, and none
/// comes twice. How many came.
fn check_heard(heard: &[Vec<u64>], begins: &[u64], story: &str) -> u64 {
    let mut last = None;
    for numbers in heard.iter().filter(|numbers| !numbers.is_empty()) {
        let first = numbers[0];
        assert!(
            begins.contains(&first),
            "a connection began with {first}: what was held is missing or doubled: {story}"
        );
        assert!(last < Some(first), "{first} came after {last:?}: {story}");
        assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "{numbers:?}: {story}");
        last = numbers.last().copied();
    }
    heard.iter().map(|numbers| numbers.len() as u64).sum()
}

/// A client that keeps books.
pub fn kept(builder: WebSocketClientBuilder, books: &Arc<watch::Sender<Books>>) -> WebSocketClientBuilder {
    let (opening, hearing, closing) = (books.clone(), books.clone(), books.clone());
    builder
        .on_open(move |client: WebSocketClient| {
            let stats = client.stats();
            opening.send_modify(|books| {
                books.begins.push(stats.written + stats.lost);
                books.echoes.push(Vec::new());
            });
            async {}
        })
        .on_message(move |message: Message| {
            hearing.send_modify(|books| {
                let number = message.as_text().and_then(|text| text.parse().ok()).expect("the server sends numbers");
                books.echoes.last_mut().expect("it is open").push(number);
            });
            async {}
        })
        .on_close(move |close: Close| {
            closing.send_modify(|books| books.closes.push(close));
            async {}
        })
}

/// Tries again as soon as may be.
pub fn hasty() -> Reconnect {
    let mut policy = Reconnect::default();
    policy.min = Duration::from_millis(1);
    policy.max = Duration::from_millis(1);
    policy.slow_min = Duration::from_millis(1);
    policy.slow_max = Duration::from_millis(1);
    policy
}

/// The tasks of this test's runtime.
pub fn alive() -> usize {
    tokio::runtime::Handle::current().metrics().num_alive_tasks()
}

/// What was logged by this test's thread, on which everything runs.
pub struct Log {
    lines: Arc<Mutex<Vec<u8>>>,
    _guard: DefaultGuard,
}

impl Log {
    pub fn start() -> Self {
        let lines = Arc::<Mutex<Vec<u8>>>::default();
        let into = lines.clone();
        let writer = move || Lines(into.clone());
        let log = tracing_subscriber::fmt().with_ansi(false).with_target(false).with_writer(writer).finish();
        Self { lines, _guard: tracing::subscriber::set_default(log) }
    }

    /// How many lines hold this text.
    pub fn count(&self, text: &str) -> usize {
        let lines = self.lines.lock().expect("not poisoned");
        String::from_utf8_lossy(&lines).lines().filter(|line| line.contains(text)).count()
    }
}

struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("not poisoned").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
