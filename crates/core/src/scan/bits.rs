//! One bit for each human.

/// A set of humans by their numbers, at one bit for each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bits {
    words: Vec<u64>,
}

impl Bits {
    /// Puts `human` in.
    pub(super) fn set(&mut self, human: u32) {
        let word = human as usize / 64;
        if word >= self.words.len() {
            self.words.resize(word + 1, 0);
        }
        self.words[word] |= 1 << (human % 64);
    }

    /// Puts all of `others` in.
    pub fn add(&mut self, others: &Self) {
        if self.words.len() < others.words.len() {
            self.words.resize(others.words.len(), 0);
        }
        for (word, other) in self.words.iter_mut().zip(&others.words) {
            *word |= other;
        }
    }

    /// Those of these that are not in `others`, in order.
    pub(super) fn without<'a>(&'a self, others: &'a Self) -> impl Iterator<Item = u32> + 'a {
        (0_u32..).zip(&self.words).flat_map(|(at, word)| {
            let mut left = word & !others.words.get(at as usize).unwrap_or(&0);
            std::iter::from_fn(move || {
                let bit = (left != 0).then(|| left.trailing_zeros())?;
                left &= left - 1;
                Some(at * 64 + bit)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_comes_in_order_whatever_the_lengths() {
        let mut some = Bits::default();
        [200, 3, 64, 63].iter().for_each(|&human| some.set(human));
        let mut others = Bits::default();
        others.set(64);
        assert_eq!(some.without(&others).collect::<Vec<_>>(), [3, 63, 200]);
        assert_eq!(others.without(&some).count(), 0);
        others.add(&some);
        assert_eq!(others.without(&Bits::default()).collect::<Vec<_>>(), [3, 63, 64, 200]);
    }
}
