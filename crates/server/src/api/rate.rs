//! How fast a client may go: a bucket of requests that fills up again.

use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
};

use plimsoll_core::people::token::TokenId;

use crate::limits::CLIENTS_REMEMBERED_MAX;

/// Whose requests are counted together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Client {
    /// Those with this token.
    Token(TokenId),
    /// Those of the owner of the data folder.
    Owner,
    /// Those from this address that show no token; `None` inside this process.
    Address(Option<IpAddr>),
}

/// So many requests in so much time; as many again may come at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rate {
    /// How many.
    pub(crate) requests: u32,
    /// In how many milliseconds.
    pub(crate) within_ms: u32,
}

/// What clients have left.
#[derive(Debug, Default)]
pub(crate) struct Buckets {
    buckets: Mutex<BTreeMap<Client, Bucket>>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    /// What is left, in requests times milliseconds of the rate.
    left: u64,
    filled_ms: i64,
}

impl Rate {
    /// So many in a second.
    pub(crate) const fn per_second(requests: u32) -> Self {
        Rate { requests, within_ms: 1_000 }
    }

    /// So many in a minute.
    pub(crate) const fn per_minute(requests: u32) -> Self {
        Rate { requests, within_ms: 60_000 }
    }

    const fn full(self) -> u64 {
        self.requests as u64 * self.within_ms as u64
    }
}

impl Buckets {
    /// Takes one request out of a client's bucket; the seconds to wait where it is empty.
    pub(crate) fn take(&self, client: Client, rate: Rate, now_ms: i64) -> Result<(), u64> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= CLIENTS_REMEMBERED_MAX && !buckets.contains_key(&client) {
            forget_one(&mut buckets);
        }
        let fresh = Bucket { left: rate.full(), filled_ms: now_ms };
        let bucket = buckets.entry(client).or_insert(fresh);
        // A clock that ran backwards fills nothing.
        let passed = u64::try_from(now_ms.saturating_sub(bucket.filled_ms)).unwrap_or(0);
        let filled = passed.saturating_mul(u64::from(rate.requests));
        bucket.left = bucket.left.saturating_add(filled).min(rate.full());
        bucket.filled_ms = now_ms;
        let one = u64::from(rate.within_ms);
        if let Some(left) = bucket.left.checked_sub(one) {
            bucket.left = left;
            return Ok(());
        }
        let wait_ms = (one - bucket.left).div_ceil(u64::from(rate.requests.max(1)));
        Err(wait_ms.div_ceil(1000).max(1))
    }
}

/// Makes room by forgetting the client that was quiet longest.
fn forget_one(buckets: &mut BTreeMap<Client, Bucket>) {
    let quietest = buckets.iter().min_by_key(|(_, bucket)| bucket.filled_ms);
    if let Some(client) = quietest.map(|(client, _)| client.clone()) {
        buckets.remove(&client);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_fills_as_time_goes_by() {
        let buckets = Buckets::default();
        let rate = Rate::per_second(10);
        let take = |now_ms| buckets.take(Client::Owner, rate, now_ms);
        assert!((0..10).all(|_| take(1_000).is_ok()));
        assert_eq!(take(1_000), Err(1));
        assert_eq!(take(500), Err(1), "a clock that ran backwards gives nothing");
        // From 500 ms on: 100 ms fill one request.
        assert_eq!(take(599), Err(1));
        assert_eq!(take(600), Ok(()));
        assert!((0..10).all(|_| take(60_000).is_ok()) && take(60_000).is_err());
    }

    #[test]
    fn who_waits_is_told_how_long() {
        let buckets = Buckets::default();
        let rate = Rate::per_minute(2);
        let take = |now_ms| buckets.take(Client::Address(None), rate, now_ms);
        assert_eq!((take(0), take(0)), (Ok(()), Ok(())));
        assert_eq!(take(0), Err(30));
        assert_eq!(take(20_000), Err(10));
        assert_eq!(take(30_000), Ok(()));
    }

    #[test]
    fn there_is_room_for_everybody_who_comes() {
        let buckets = Buckets::default();
        let rate = Rate::per_second(1);
        for n in 0..CLIENTS_REMEMBERED_MAX as u32 + 10 {
            let client = Client::Address(Some(IpAddr::from(n.to_be_bytes())));
            assert_eq!(buckets.take(client, rate, i64::from(n)), Ok(()));
        }
        let kept = buckets.buckets.lock().unwrap().len();
        assert_eq!(kept, CLIENTS_REMEMBERED_MAX);
    }
}
