//! Listening: every address or none.

use crate::error::chain;
use std::io;
use std::net::SocketAddr;
use tokio::net::TcpListener;

/// Why the node cannot listen.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BindError {
    #[error("cannot listen at {address}: {}", fix(source))]
    Listen { address: SocketAddr, source: io::Error },
    /// Each with its reason, since an error has one source only.
    #[error("{}", .0.iter().map(|error| chain(error)).collect::<Vec<_>>().join("; "))]
    Several(Vec<BindError>),
}

/// What to do about it; the system's own words are the source.
fn fix(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            "another program listens there already, or `node.listen` has the address twice: stop it, or choose another \
             port in `node.listen`"
        }
        io::ErrorKind::PermissionDenied => {
            "this needs a privilege that the process has not: choose a port over 1023 in `node.listen`"
        }
        io::ErrorKind::AddrNotAvailable => {
            "no interface of this machine has that address: write `127.0.0.1`, `0.0.0.0` or one of its own in \
             `node.listen`"
        }
        _ => "choose another address in `node.listen`",
    }
}

/// Binds all addresses; one that cannot be bound fails all, with every failure.
pub(super) async fn bind(addresses: &[SocketAddr]) -> Result<Vec<(TcpListener, SocketAddr)>, BindError> {
    let (mut listeners, mut failures) = (Vec::new(), Vec::new());
    for &address in addresses {
        match bind_one(address).await {
            Ok(listener) => listeners.push(listener),
            Err(source) => failures.push(BindError::Listen { address, source }),
        }
    }
    match failures.len() {
        0 => Ok(listeners),
        1 => Err(failures.remove(0)),
        _ => Err(BindError::Several(failures)),
    }
}

async fn bind_one(address: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(address).await?;
    let real = listener.local_addr()?;
    Ok((listener, real))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    const FREE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

    #[tokio::test]
    async fn ports_in_use_are_named_all_with_the_fix() {
        let taken = bind(&[FREE, FREE]).await.expect("free ports");
        let addresses: Vec<_> = taken.iter().map(|(_, address)| *address).collect();
        let error = bind(&addresses).await.expect_err("both are in use").to_string();
        assert!(addresses.iter().all(|address| error.contains(&address.to_string())), "{error}");
        assert!(error.contains("choose another port in `node.listen`"), "{error}");
    }

    #[tokio::test]
    async fn a_failure_lets_go_of_the_ports_that_were_free() {
        let taken = bind(&[FREE]).await.expect("a free port");
        let free = bind(&[FREE]).await.expect("a free port");
        let address = free[0].1;
        drop(free);
        assert!(bind(&[address, taken[0].1]).await.is_err());
        assert!(bind(&[address]).await.is_ok());
    }
}
