//! Who asks for what, how often, and how it goes: the hosts of the example by hour and weekday, their routes, and
//! what the outage and the bad deploy do to them.

use plimsoll_core::time::{DAY, HOUR, Minute, Span};

use super::{FIRST, dice::Dice, facts};

/// A virtual host of the example.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Host {
    Api,
    Shop,
    Admin,
}

/// All hosts, in the order of [`super::Written::hosts`].
pub(super) const HOSTS: [Host; 3] = [Host::Api, Host::Shop, Host::Admin];

/// One answered request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Request {
    /// Which client, by number.
    pub(super) client: u64,
    /// `GET `, with the blank; empty where the bytes were no HTTP.
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    /// Completes the path.
    pub(super) number: Option<u64>,
    pub(super) status: u16,
    pub(super) bytes: u64,
    pub(super) millis: u64,
    pub(super) referrer: &'static str,
    pub(super) agent: &'static str,
}

/// Something that a host offers.
#[derive(Clone, Copy)]
struct Route {
    /// Its share of the host's requests, in 256ths; a host's routes add up to 256.
    share: u64,
    method: &'static str,
    path: &'static str,
    /// Whether a number completes the path.
    numbered: bool,
    /// What it answers when all is well.
    status: u16,
    /// Bytes sent: at least, and less than.
    bytes: (u64, u64),
    speed: Speed,
}

/// Steps of a distribution of milliseconds: up to so many of 1,024 take between the two bounds.
type Speed = &'static [(u64, u64, u64)];

const FILE: Speed = &[(900, 0, 3), (1010, 3, 12), (1023, 12, 60), (1024, 60, 300)];
const PAGE: Speed = &[
    (300, 18, 35),
    (700, 35, 80),
    (950, 80, 180),
    (1010, 180, 420),
    (1022, 420, 1100),
    (1024, 1100, 2800),
];
const CALL: Speed = &[
    (400, 6, 15),
    (800, 15, 40),
    (980, 40, 120),
    (1018, 120, 280),
    (1023, 280, 700),
    (1024, 700, 2500),
];
const REPORT: Speed = &[(600, 80, 250), (950, 250, 900), (1024, 900, 4000)];
/// A web socket stays open for minutes: its time says nothing about speed.
const SOCKET: Speed = &[(1024, 5_000, 900_000)];

const fn get(share: u64, path: &'static str, bytes: (u64, u64), speed: Speed) -> Route {
    Route { share, method: "GET ", path, numbered: false, status: 200, bytes, speed }
}

const fn numbered(route: Route) -> Route {
    Route { numbered: true, ..route }
}

const fn post(route: Route, status: u16) -> Route {
    Route { method: "POST ", status, ..route }
}

const API: &[Route] = &[
    numbered(get(96, "/v1/stock/", (180, 420), CALL)),
    numbered(get(80, "/v1/orders/", (600, 2400), CALL)),
    get(48, "/v1/prices", (2000, 9000), CALL),
    post(get(30, "/v1/orders", (120, 300), CALL), 201),
    Route { status: 101, ..get(2, "/v1/live", (0, 4000), SOCKET) },
];
const SHOP: &[Route] = &[
    get(72, "/static/shop.css", (18_000, 18_001), FILE),
    get(40, "/static/shop.js", (61_000, 61_001), FILE),
    numbered(get(72, "/products/", (9_000, 32_000), PAGE)),
    get(40, "/", (24_000, 26_000), PAGE),
    numbered(get(18, "/search?page=", (8_000, 40_000), PAGE)),
    post(get(8, "/cart", (0, 1), PAGE), 302),
    post(get(6, "/checkout", (0, 1), PAGE), 302),
];
const ADMIN: &[Route] = &[
    get(128, "/reports/daily", (40_000, 90_000), REPORT),
    numbered(get(96, "/customers/", (3_000, 9_000), PAGE)),
    post(get(32, "/login", (0, 1), PAGE), 302),
];

/// Requests by hour of the day, in units of a host's rate.
const API_DAY: [u64; 24] =
    [8, 8, 7, 7, 7, 8, 10, 14, 18, 20, 21, 21, 20, 20, 21, 21, 20, 18, 16, 15, 14, 12, 10, 9];
const SHOP_DAY: [u64; 24] =
    [4, 3, 2, 2, 2, 3, 6, 10, 14, 17, 19, 20, 21, 20, 19, 19, 20, 22, 25, 27, 26, 21, 14, 8];
const ADMIN_DAY: [u64; 24] =
    [0, 0, 0, 0, 0, 0, 1, 3, 6, 8, 8, 7, 4, 7, 8, 8, 6, 3, 1, 0, 0, 0, 0, 0];

const AGENTS: [&str; 5] = [
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Mozilla/5.0 (Linux; Android 16) Mobile Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X)",
    "shop-app/7.2 (\\x22beta\\x22)",
    "partner-sync/2.11",
];
/// What scanners look for, on any host they find.
const PROBES: [&str; 6] =
    ["/.env", "/wp-login.php", "/.git/config", "/phpmyadmin/", "/cgi-bin/luci", "/actuator/env"];

impl Host {
    pub(super) fn name(self) -> &'static str {
        match self {
            Host::Api => "api.example",
            Host::Shop => "shop.example",
            Host::Admin => "admin.example",
        }
    }

    fn routes(self) -> &'static [Route] {
        match self {
            Host::Api => API,
            Host::Shop => SHOP,
            Host::Admin => ADMIN,
        }
    }

    /// How many requests arrive in this minute.
    pub(super) fn requests(self, minute: Minute, dice: &mut Dice) -> u64 {
        if minute == facts().month.from || minute.plus(1) == facts().month.to {
            return dice.count(self.mean_milli(minute)).max(1);
        }
        let scanned = u64::from(self == Host::Shop && is_scanned(minute)) * dice.between(3, 12);
        dice.count(self.mean_milli(minute)) + scanned
    }

    /// Mean of requests a minute, in thousandths: the day's shape, straight between full hours, times the weekday's.
    fn mean_milli(self, minute: Minute) -> u64 {
        let since = minute.0 - FIRST.0;
        let (hour, past) = ((since % DAY / HOUR) as usize, (since % HOUR) as u64);
        // The month begins on a Tuesday.
        let weekend = matches!((since / DAY + 1) % 7, 5 | 6);
        let (day, unit_milli) = match (self, weekend) {
            (Host::Api, false) => (&API_DAY, 1100),
            (Host::Api, true) => (&API_DAY, 800),
            (Host::Shop, false) => (&SHOP_DAY, 1300),
            (Host::Shop, true) => (&SHOP_DAY, 1700),
            (Host::Admin, false) => (&ADMIN_DAY, 180),
            (Host::Admin, true) => (&ADMIN_DAY, 15),
        };
        (day[hour] * (60 - past) + day[(hour + 1) % 24] * past) * unit_milli / 60
    }

    /// One request of this minute and its answer.
    pub(super) fn request(self, minute: Minute, dice: &mut Dice) -> Request {
        if self == Host::Shop && is_scanned(minute) && dice.one_in(3) {
            return probe(dice);
        }
        let route = chosen(self.routes(), dice);
        let number = route.numbered.then(|| dice.between(1000, 9000));
        let agent = AGENTS[dice.below(if self == Host::Api { 5 } else { 3 }) as usize];
        let healthy = Request {
            client: dice.below(3 * 254),
            method: route.method,
            path: route.path,
            number,
            status: route.status,
            bytes: dice.between(route.bytes.0, route.bytes.1),
            millis: taken(route.speed, dice),
            referrer: if self == Host::Shop { "https://shop.example/" } else { "-" },
            agent,
        };
        let needs_database = route.speed != FILE;
        if facts().outage.contains(minute) && self != Host::Admin {
            return if needs_database { saturated(healthy, self, minute, dice) } else { healthy };
        }
        if facts().bad_deploy.contains(minute) && route.path == "/checkout" {
            return Request { status: 500, bytes: 1_320, millis: dice.between(4, 30), ..healthy };
        }
        everyday(healthy, self, minute, needs_database, dice)
    }
}

/// About one hour in 40 somebody scans the shop, for ten minutes.
fn is_scanned(minute: Minute) -> bool {
    let hour = minute.0.div_euclid(HOUR);
    Dice::new(hour as u64).one_in(40) && minute.0.rem_euclid(HOUR) < 10
}

fn probe(dice: &mut Dice) -> Request {
    let path = PROBES[dice.below(6) as usize];
    let tls = dice.one_in(20);
    Request {
        client: 700,
        method: if tls { "" } else { "GET " },
        path: if tls { "\\x16\\x03\\x01" } else { path },
        number: None,
        status: if tls { 400 } else { 404 },
        bytes: 150,
        millis: dice.below(2),
        referrer: "-",
        agent: if tls { "-" } else { "zgrab/0.x" },
    }
}

fn chosen(routes: &'static [Route], dice: &mut Dice) -> &'static Route {
    let mut at = dice.below(256);
    for route in routes {
        if at < route.share {
            return route;
        }
        at -= route.share;
    }
    &routes[0]
}

fn taken(speed: Speed, dice: &mut Dice) -> u64 {
    let at = dice.below(1024);
    let (_, low, high) = speed.iter().find(|(up_to, ..)| at < *up_to).copied().unwrap_or((0, 0, 1));
    dice.between(low, high)
}

/// The database is saturated: requests wait ten seconds for a connection and get a 503, or get through slowly.
/// The first and last four minutes are half as bad.
fn saturated(healthy: Request, host: Host, minute: Minute, dice: &mut Dice) -> Request {
    let Span { from, to } = facts().outage;
    let edge = minute < from.plus(4) || to.plus(-4) <= minute;
    let failing_percent = match (host, edge) {
        (Host::Api, true) => 36,
        (_, true) => 30,
        (Host::Api, false) => 72,
        (_, false) => 60,
    };
    match dice.below(100) {
        at if at < failing_percent => {
            Request { status: 503, bytes: 190, millis: dice.between(10_000, 10_060), ..healthy }
        }
        at if at >= 92 => {
            Request { status: 499, bytes: 0, millis: dice.between(3_000, 9_900), ..healthy }
        }
        _ => Request { millis: healthy.millis + dice.between(1_500, 9_000), ..healthy },
    }
}

/// What happens on any day: a not found, a client that gives up, a stray 502 (never near the two incidents, so that
/// their bounds stay known).
fn everyday(
    healthy: Request,
    host: Host,
    minute: Minute,
    needs_database: bool,
    dice: &mut Dice,
) -> Request {
    let near = |span: Span| span.from.plus(-30) <= minute && minute < span.to.plus(30);
    if !needs_database {
        return if dice.one_in(3) { Request { status: 304, bytes: 0, ..healthy } } else { healthy };
    }
    let stray_one_in = if host == Host::Api { 9_000 } else { 14_000 };
    if dice.one_in(stray_one_in) && !near(facts().outage) && !near(facts().bad_deploy) {
        return Request { status: 502, bytes: 157, millis: dice.between(1, 9), ..healthy };
    }
    match dice.below(6_000) {
        0..=19 => Request { status: 404, bytes: 153, ..healthy },
        20..=21 => Request { status: 499, bytes: 0, millis: healthy.millis + 2_000, ..healthy },
        22..=27 if host == Host::Api => Request { status: 429, bytes: 61, millis: 1, ..healthy },
        22..=149 if host == Host::Admin => Request { status: 401, bytes: 179, ..healthy },
        _ => healthy,
    }
}
