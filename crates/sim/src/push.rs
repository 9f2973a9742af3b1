//! What is pushed: live minutes, late ones, corrections, repeats, contradictions, in any order.

use plimsoll_core::{
    measure::{push::place, slot::Slot},
    state::State,
    time::{Minute, Span},
};
use plimsoll_server::measure::keeping::{Order, OrderedBatch};

use crate::dice::Dice;

/// SLIs and sources that no document declares, for orders that come around the catalog: several sources of one SLI,
/// as after documents that named one after another.
const SLIS: [u32; 2] = [20, 21];
const SOURCES: [u32; 3] = [22, 23, 30];

/// Somebody who pushes.
#[derive(Debug, Default)]
pub struct Pusher {
    generation: u64,
    /// What was sent before, to send it again.
    sent: Vec<Order>,
}

/// Sent orders that are remembered.
const REMEMBERED: usize = 20;

impl Pusher {
    /// Some orders that come together. `end` is the first minute that is not over.
    pub fn orders(
        &mut self,
        dice: &mut Dice,
        state: &State,
        end: i64,
        kept: Span,
        late_max: i64,
    ) -> Vec<Order> {
        let mut orders = Vec::new();
        // Orders that come together often speak of the same minutes.
        let about = end + offset(dice, late_max);
        for _ in 0..=dice.weighed(&[60, 20, 15, 5]) {
            let order = if dice.happens(150) && !self.sent.is_empty() {
                dice.pick(&self.sent).cloned().unwrap_or_default()
            } else {
                let first = if dice.happens(600) { about } else { end + offset(dice, late_max) };
                self.order(dice, state, first, kept)
            };
            if self.sent.len() < REMEMBERED {
                self.sent.push(order.clone());
            } else {
                let at = dice.below(REMEMBERED as u64) as usize;
                self.sent[at] = order.clone();
            }
            orders.push(order);
        }
        orders
    }

    fn order(&mut self, dice: &mut Dice, state: &State, first: i64, kept: Span) -> Order {
        let mut order = Order::default();
        for _ in 0..=dice.weighed(&[80, 20]) {
            let length = match dice.weighed(&[50, 40, 9, 1]) {
                0 => 1,
                1 => dice.between(1, 12),
                2 => dice.between(12, 200),
                _ => 1440,
            };
            let mut slots: Vec<(Minute, Slot)> =
                (first..first + length).map(|minute| (Minute(minute), slot(dice))).collect();
            if dice.happens(20) && slots.len() > 1 {
                slots[1].0 = slots[0].0;
            }
            if dice.happens(100) {
                slots.reverse();
            }
            let Some((source, sli)) = belongs(dice, state, &slots, kept) else { continue };
            let generation = self.generation(dice);
            order.batches.push(OrderedBatch { source, sli, generation, slots });
        }
        order
    }

    fn generation(&mut self, dice: &mut Dice) -> u64 {
        match dice.weighed(&[60, 20, 15, 1]) {
            0 => self.generation += 1,
            1 => {}
            2 => return dice.below(self.generation + 2),
            _ => return 0,
        }
        self.generation.max(1)
    }
}

fn slot(dice: &mut Dice) -> Slot {
    match dice.weighed(&[50, 15, 10, 10, 2]) {
        0 => Slot::measured(dice.below(60), dice.below(5)),
        1 => Slot::NoTraffic,
        2 => Slot::Missing,
        3 => Slot::Partial { good: dice.below(9), bad: dice.below(3) },
        // More than fits into a packed row.
        _ => Slot::measured(1 << 36, dice.below(1 << 30)),
    }
}

fn offset(dice: &mut Dice, late_max: i64) -> i64 {
    match dice.weighed(&[50, 10, 25, 15]) {
        0 => dice.between(-3, 1),
        1 => dice.between(0, 40),
        2 => -dice.between(0, 400),
        _ => -dice.between(0, late_max),
    }
}

/// Where slots belong: by the catalog, or around it.
fn belongs(
    dice: &mut Dice,
    state: &State,
    slots: &[(Minute, Slot)],
    kept: Span,
) -> Option<(u32, u32)> {
    if dice.happens(350) {
        return Some((*dice.pick(&SOURCES)?, *dice.pick(&SLIS)?));
    }
    let slis = ["web-answers", "cart-answers", "search-answers", "none"];
    let sli = slis[dice.weighed(&[30, 30, 30, 8])];
    let source = *dice.pick(&[None, None, Some("counter"), Some("meter")])?;
    let place = place(state, sli, source, slots, kept).ok()?;
    Some((place.source, place.sli))
}
