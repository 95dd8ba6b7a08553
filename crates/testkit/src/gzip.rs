//! A small gzip file that unpacks to a large one (RFC 1951, RFC 1952): one block with fixed codes,
//! one space and then copies of it.

/// A gzip file of about `size` / 158 bytes that unpacks to `size` spaces, `size` at least 1.
pub(crate) fn bomb(size: usize) -> Vec<u8> {
    let mut bits = Bits::default();
    // The last block, with fixed Huffman codes.
    bits.push(0b1, 1);
    bits.push(0b01, 2);
    // A literal below 144 has the 8-bit code 0x30 + value.
    bits.push_code(0x30 + u32::from(b' '), 8);
    let (copies, rest) = ((size - 1) / 258, (size - 1) % 258);
    for _ in 0..copies {
        // Length 258 is symbol 285: 8-bit code 0xC0 + 285 - 280; distance 1 is five zero bits.
        bits.push_code(0xC0 + 5, 8);
        bits.push_code(0, 5);
    }
    for _ in 0..rest {
        bits.push_code(0x30 + u32::from(b' '), 8);
    }
    // End of block: symbol 256 is seven zero bits.
    bits.push_code(0, 7);
    let mut file = vec![0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF];
    file.extend(bits.finish());
    file.extend(crc32_of_spaces(size).to_le_bytes());
    // The size modulo 2^32, as the format has it.
    file.extend((size as u32).to_le_bytes());
    file
}

#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    pending: u32,
    count: u32,
}

impl Bits {
    /// Numbers go least significant bit first.
    fn push(&mut self, value: u32, len: u32) {
        self.pending |= value << self.count;
        self.count += len;
        while self.count >= 8 {
            self.bytes.push((self.pending & 0xFF) as u8);
            self.pending >>= 8;
            self.count -= 8;
        }
    }

    /// Huffman codes go most significant bit first.
    fn push_code(&mut self, code: u32, len: u32) {
        self.push(code.reverse_bits() >> (32 - len), len);
    }

    fn finish(mut self) -> Vec<u8> {
        if self.count > 0 {
            self.bytes.push((self.pending & 0xFF) as u8);
        }
        self.bytes
    }
}

fn crc32_of_spaces(size: usize) -> u32 {
    let step = |crc: u32| if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 };
    let table: Vec<u32> = (0..256).map(|byte| (0..8).fold(byte, |crc, _| step(crc))).collect();
    let next = |crc: u32| table[((crc ^ u32::from(b' ')) & 0xFF) as usize] ^ (crc >> 8);
    !(0..size).fold(u32::MAX, |crc, _| next(crc))
}
