//! Who acted.

use plimsoll_core::command;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Who acted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase", tag = "kind")]
pub enum Actor {
    /// A person, by one of their tokens.
    Person {
        /// Who.
        person: String,
        /// The name of the token.
        token: String,
    },
    /// A person who owns the data folder.
    Owner {
        /// Who.
        person: String,
    },
    /// A rule of the program.
    Rule {
        /// Its name.
        rule: String,
    },
}

impl From<&command::Actor> for Actor {
    fn from(actor: &command::Actor) -> Self {
        match actor {
            command::Actor::Person { person, token } => {
                Actor::Person { person: person.as_str().to_owned(), token: token.0.to_string() }
            }
            command::Actor::Owner { person } => Actor::Owner { person: person.as_str().to_owned() },
            command::Actor::Rule(rule) => Actor::Rule { rule: rule.to_string() },
        }
    }
}
