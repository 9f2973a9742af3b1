//! The company of the demo: a shop for tea, its services, teams and people, and what it promises.

/// An SLI of a service and what is promised of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Objective {
    /// What follows the service in its name: `availability` or `latency`.
    pub(super) suffix: &'static str,
    /// The target as documents write it.
    pub(super) target: &'static str,
    /// Of a million events so many may be bad.
    pub(super) allowed_ppm: u64,
    /// Days of the window.
    pub(super) days: i64,
    /// What share of its budget ordinary days spend, in percent.
    pub(super) usual_percent: u64,
}

/// How a service's requests are spread over day and week.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// Customers: evenings and weekends.
    Shop,
    /// People at work.
    Office,
}

/// A service.
#[derive(Debug, Clone, Copy)]
pub(super) struct Service {
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    pub(super) team: &'static str,
    pub(super) tier: &'static str,
    pub(super) shape: Shape,
    /// Mean of requests a minute, in thousandths.
    pub(super) rate_milli: u64,
    pub(super) objectives: &'static [Objective],
    /// Its promise in one sentence; none where nobody has promised anything yet.
    pub(super) promise: Option<&'static str>,
    pub(super) hard: &'static [&'static str],
    pub(super) soft: &'static [&'static str],
    /// Its share of all changes.
    pub(super) changes: u64,
    /// What its first version of the story is.
    pub(super) version: (u32, u32),
    /// What it serves, as its log has it; empty where it writes none and sends its counts.
    pub(super) paths: &'static [&'static str],
}

const fn available(
    target: &'static str,
    allowed_ppm: u64,
    days: i64,
    usual_percent: u64,
) -> Objective {
    Objective { suffix: "availability", target, allowed_ppm, days, usual_percent }
}

const FAST: Objective = Objective {
    suffix: "latency",
    target: "0.97",
    allowed_ppm: 30_000,
    days: 30,
    usual_percent: 40,
};

/// All services.
pub(super) const SERVICES: [Service; 12] = [
    Service {
        name: "storefront",
        title: "Pages of the shop",
        team: "web",
        tier: "A",
        shape: Shape::Shop,
        rate_milli: 150_000,
        objectives: &[available("0.999", 1_000, 30, 9), FAST],
        promise: Some("Whoever visits the shop sees it, and quickly."),
        hard: &["catalog"],
        soft: &["search", "recommendations"],
        changes: 9,
        version: (7, 310),
        paths: &["/", "/teas/", "/teas/oolong", "/gifts", "/about"],
    },
    Service {
        name: "catalog",
        title: "Teas and prices",
        team: "web",
        tier: "B",
        shape: Shape::Shop,
        rate_milli: 170_000,
        objectives: &[available("0.999", 1_000, 30, 11)],
        promise: None,
        hard: &[],
        soft: &[],
        changes: 6,
        version: (3, 88),
        paths: &["/v1/teas", "/v1/prices", "/v1/stock"],
    },
    Service {
        name: "basket",
        title: "What a customer wants",
        team: "web",
        tier: "B",
        shape: Shape::Shop,
        rate_milli: 45_000,
        objectives: &[available("0.995", 5_000, 30, 12)],
        promise: Some("What a customer puts into the basket stays in it."),
        hard: &["catalog"],
        soft: &[],
        changes: 6,
        version: (5, 41),
        paths: &["/v1/basket", "/v1/basket/items"],
    },
    Service {
        name: "search",
        title: "Looking for a tea",
        team: "discovery",
        tier: "B",
        shape: Shape::Shop,
        rate_milli: 60_000,
        objectives: &[available("0.995", 5_000, 30, 10), FAST],
        promise: Some("Whoever looks for a tea that we sell finds it."),
        hard: &["catalog"],
        soft: &[],
        changes: 7,
        version: (12, 7),
        paths: &["/v2/search", "/v2/suggest"],
    },
    Service {
        name: "recommendations",
        title: "Teas to like as well",
        team: "discovery",
        tier: "C",
        shape: Shape::Shop,
        rate_milli: 80_000,
        objectives: &[available("0.99", 10_000, 30, 12)],
        promise: Some("A product page suggests other teas, where it can."),
        hard: &[],
        soft: &["catalog"],
        changes: 6,
        version: (2, 160),
        paths: &["/v1/similar", "/v1/gift-finder"],
    },
    Service {
        name: "checkout",
        title: "From the basket to the bank",
        team: "payments",
        tier: "A",
        shape: Shape::Shop,
        rate_milli: 30_000,
        objectives: &[available("0.999", 1_000, 30, 7)],
        promise: Some("Whoever wants to pay can pay."),
        hard: &["payments", "orders-db"],
        soft: &["mail"],
        changes: 8,
        version: (4, 212),
        paths: &["/v1/checkout", "/v1/checkout/confirm"],
    },
    Service {
        name: "payments",
        title: "Payments and refunds",
        team: "payments",
        tier: "A",
        shape: Shape::Shop,
        rate_milli: 26_000,
        objectives: &[available("0.9995", 500, 30, 10)],
        promise: Some("A payment that a bank accepts is booked once."),
        hard: &["orders-db"],
        soft: &[],
        changes: 5,
        version: (9, 54),
        paths: &["/v1/payments", "/v1/refunds"],
    },
    Service {
        name: "orders",
        title: "Orders and packing",
        team: "fulfilment",
        tier: "A",
        shape: Shape::Shop,
        rate_milli: 40_000,
        objectives: &[available("0.997", 3_000, 7, 14)],
        promise: Some("Every order that was paid for can be seen and packed."),
        hard: &["orders-db"],
        soft: &["mail"],
        changes: 6,
        version: (6, 130),
        paths: &["/v1/orders", "/v1/orders/status"],
    },
    Service {
        name: "accounts",
        title: "Customer accounts",
        team: "platform",
        tier: "B",
        shape: Shape::Shop,
        rate_milli: 36_000,
        objectives: &[available("0.995", 5_000, 30, 10)],
        promise: Some("Customers can sign in and see what they bought."),
        hard: &["orders-db"],
        soft: &[],
        changes: 5,
        version: (1, 97),
        paths: &["/sign-in", "/account", "/account/addresses"],
    },
    Service {
        name: "orders-db",
        title: "Database of the orders",
        team: "platform",
        tier: "A",
        shape: Shape::Shop,
        rate_milli: 400_000,
        objectives: &[available("0.999", 1_000, 30, 6)],
        promise: Some("Queries of the order services are answered."),
        hard: &[],
        soft: &[],
        changes: 1,
        version: (16, 3),
        paths: &[],
    },
    Service {
        name: "mail",
        title: "Mail to customers",
        team: "fulfilment",
        tier: "C",
        shape: Shape::Shop,
        rate_milli: 0,
        objectives: &[],
        promise: Some("Customers hear of their order within minutes."),
        hard: &[],
        soft: &[],
        changes: 2,
        version: (1, 33),
        paths: &[],
    },
    Service {
        name: "supplier-portal",
        title: "Portal for suppliers",
        team: "fulfilment",
        tier: "C",
        shape: Shape::Office,
        rate_milli: 1,
        objectives: &[available("0.99", 10_000, 30, 10)],
        promise: Some("Suppliers can announce what they deliver."),
        hard: &[],
        soft: &["orders"],
        changes: 1,
        version: (0, 44),
        paths: &["/deliveries"],
    },
];

/// The service that needs the database first, and the database.
pub(super) const DATABASE: &str = "orders-db";

/// What one saturation of the database costs those that need it: the service, and the share of its budget in percent.
pub(super) const SATURATED: [(&str, u64); 5] =
    [("checkout", 38), ("orders", 115), ("payments", 28), ("accounts", 12), (DATABASE, 25)];

/// The service of the bad launch.
pub(super) const LAUNCHED: &str = "recommendations";

/// The service of the exception.
pub(super) const EXCEPTED: &str = "orders";

/// Services that ordinary deploys break now and then.
pub(super) const BREAKABLE: [&str; 5] = ["storefront", "catalog", "basket", "search", "accounts"];

/// The team whose counter failed.
pub(super) const UNSEEN: &str = "web";

/// A team: its name, who leads it, and who else is on call for it.
pub(super) const TEAMS: [(&str, &str, &str); 5] = [
    ("web", "ines", "wen"),
    ("discovery", "tariq", "olga"),
    ("payments", "jonas", "sam"),
    ("fulfilment", "leo", "femke"),
    ("platform", "priya", "anders"),
];

/// The head of engineering, who runs the server.
pub(super) const ENGINEERING: &str = "mira";

/// Who decides about the product.
pub(super) const PRODUCT: &str = "nadia";

impl Service {
    /// The name of an SLO.
    pub(super) fn slo(&self, objective: &Objective) -> String {
        format!("{}-{}", self.name, objective.suffix)
    }

    /// The name of the SLI that it measures.
    pub(super) fn sli(&self, objective: &Objective) -> String {
        let what = if objective.suffix == "latency" { "speed" } else { "answers" };
        format!("{}-{what}", self.name)
    }

    /// The host under which the log has it.
    pub(super) fn host(&self) -> String {
        format!("{}.tidewater.example", self.name)
    }

    /// Whether its requests are in the log of the edge.
    pub(super) fn is_logged(&self) -> bool {
        !self.paths.is_empty()
    }

    /// Who leads its team.
    pub(super) fn lead(&self) -> &'static str {
        TEAMS.iter().find(|(team, ..)| *team == self.team).map_or(ENGINEERING, |(_, lead, _)| lead)
    }

    /// Who else is on call for it.
    pub(super) fn on_call(&self) -> &'static str {
        TEAMS.iter().find(|(team, ..)| *team == self.team).map_or(ENGINEERING, |(.., other)| other)
    }
}

/// The service of this name; names come from this file alone.
pub(super) fn service(name: &str) -> &'static Service {
    let found = SERVICES.iter().find(|service| service.name == name);
    found.unwrap_or(&SERVICES[0])
}
