//! Dice that always fall the same way: SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number
//! generators", 2014).

/// A sequence of numbers that depends on its seed alone.
#[derive(Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Dice(seed)
    }

    /// The next 64 bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, by multiplication; 0 when the bound is 0.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(bound)) >> 64) as u64
    }

    /// A number from `low` up to but not including `high`.
    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low)
    }

    /// Whether one throw in `n` falls.
    pub(crate) fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    /// A count with this mean, in thousandths: of twice as many coins, those that show heads.
    pub(crate) fn count(&mut self, mean_milli: u64) -> u64 {
        let doubled = mean_milli * 2;
        let mut coins = doubled / 1000 + u64::from(self.below(1000) < doubled % 1000);
        let mut heads = 0;
        while coins > 0 {
            let thrown = coins.min(64);
            heads += u64::from((self.bits() >> (64 - thrown)).count_ones());
            coins -= thrown;
        }
        heads
    }
}
