//! Numbers that look drawn, and are the same on every machine: what is drawn decides verdicts, and those must repeat.

/// A generator, SplitMix64: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
#[derive(Clone, Debug)]
pub struct Random {
    state: u64,
}

impl Random {
    /// The generator that begins at `seed`.
    pub fn new(seed: u64) -> Random {
        Random { state: seed }
    }

    /// The generator for a named part of what `seed` decides.
    pub fn named(seed: u64, name: &str) -> Random {
        // FNV-1a, of 64 bits.
        let hash =
            name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3));
        Random { state: seed ^ hash }
    }

    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A whole number below `n`; 0 where `n` is.
    pub fn below(&mut self, n: usize) -> usize {
        // The bias is below n / 2^64.
        ((u128::from(self.next_u64()) * n as u128) >> 64) as usize
    }

    /// Heads or tails.
    pub fn coin(&mut self) -> bool {
        self.next_u64() >> 63 == 1
    }

    /// Puts a list into a drawn order.
    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        for i in (1..list.len()).rev() {
            list.swap(i, self.below(i + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_of_the_reference() {
        // The reference implementation of splitmix64 (Vigna, public domain), seed 1234567.
        let mut random = Random::new(1_234_567);
        assert_eq!(random.next_u64(), 6_457_827_717_110_365_317);
        assert_eq!(random.next_u64(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn names_are_hashed_as_published() {
        // FNV-1a of 64 bits: "" and "foobar" of the reference's test vectors (Fowler, Noll, Vo).
        for (name, hash) in [("", 0xcbf2_9ce4_8422_2325), ("foobar", 0x8594_4171_f739_67e8)] {
            assert_eq!(Random::named(0, name).state, hash, "{name}");
            assert_eq!(Random::named(0xff00, name).state, hash ^ 0xff00, "{name}");
        }
    }

    #[test]
    fn a_coin_is_the_first_bit() {
        let (mut coins, mut bits) = (Random::new(5), Random::new(5));
        let seen: Vec<bool> = (0..100).map(|_| coins.coin()).collect();
        assert_eq!(seen, (0..100).map(|_| bits.next_u64() >= 1 << 63).collect::<Vec<_>>());
        assert!(seen.contains(&true) && seen.contains(&false));
    }

    #[test]
    fn every_order_is_drawn() {
        let mut random = Random::new(11);
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..200 {
            let mut list = [0, 1, 2];
            random.shuffle(&mut list);
            seen.insert(list);
        }
        assert_eq!(seen.len(), 6, "{seen:?}");
    }

    #[test]
    fn a_shuffle_keeps_what_is_there() {
        let mut list: Vec<usize> = (0..50).collect();
        Random::named(1, "x").shuffle(&mut list);
        assert!(!list.is_sorted());
        list.sort_unstable();
        assert_eq!(list, (0..50).collect::<Vec<_>>());
        assert_eq!(Random::new(3).below(0), 0);
    }
}
