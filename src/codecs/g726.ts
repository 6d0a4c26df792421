/** Bits of one sample, by the name of the encoding (`G726-32`, `AAL2-G726-16`): 2 to 5; undefined for another name. */
export function g726Bits(encoding: string): 2 | 3 | 4 | 5 | undefined {
  const rate = /^(?:AAL2-)?G726-(16|24|32|40)$/i.exec(encoding)?.[1];
  return rate === undefined ? undefined : ((Number(rate) / 8) as 2 | 3 | 4 | 5);
}

/**
 * G.726 packs samples of 2 to 5 bits. RFC 3551 (4.5.4) puts the first sample into the lowest bits of a byte, ITU-T I.366.2
 * (AAL2) into the highest. This turns the second packing into the first. The last bits that fill no sample stay zero.
 */
export function fromAal2(packed: Uint8Array, bitsPerSample: number): Uint8Array {
  const turned = new Uint8Array(packed.length);
  const samples = Math.floor((packed.length * 8) / bitsPerSample);
  for (let n = 0; n < samples; n++) {
    for (let bit = 0; bit < bitsPerSample; bit++) {
      const from = n * bitsPerSample + bit;
      const to = n * bitsPerSample + (bitsPerSample - 1 - bit);
      if ((packed[from >> 3]! >> (7 - (from & 7))) & 1) turned[to >> 3]! |= 1 << (to & 7);
    }
  }
  return turned;
}
