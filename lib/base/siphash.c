/* SPDX-License-Identifier: Apache-2.0 */
#include "base/siphash.h"

enum { COMPRESSION_ROUNDS = 1, FINALISATION_ROUNDS = 3, WORD = 8 };

struct siphash {
    uint64_t v[4];
};

static uint64_t rotate(uint64_t word, unsigned bits)
{
    return word << bits | word >> (64 - bits);
}

static void mix(struct siphash *self, unsigned rounds)
{
    uint64_t *v = self->v;
    for (unsigned i = 0; i < rounds; i++) {
        v[0] += v[1];
        v[2] += v[3];
        v[1] = rotate(v[1], 13) ^ v[0];
        v[3] = rotate(v[3], 16) ^ v[2];
        v[0] = rotate(v[0], 32);
        v[2] += v[1];
        v[0] += v[3];
        v[1] = rotate(v[1], 17) ^ v[2];
        v[3] = rotate(v[3], 21) ^ v[0];
        v[2] = rotate(v[2], 32);
    }
}

static void absorb(struct siphash *self, uint64_t word)
{
    self->v[3] ^= word;
    mix(self, COMPRESSION_ROUNDS);
    self->v[0] ^= word;
}

static uint64_t little_endian(const unsigned char *bytes, size_t count)
{
    uint64_t word = 0;
    for (size_t i = 0; i < count; i++)
        word |= (uint64_t)bytes[i] << (8 * i);
    return word;
}

uint64_t siphash13(const void *bytes, size_t length)
{
    /* "somepseudorandomlygeneratedbytes", to which a key would be added. */
    struct siphash self = {{UINT64_C(0x736f6d6570736575), UINT64_C(0x646f72616e646f6d), UINT64_C(0x6c7967656e657261),
                            UINT64_C(0x7465646279746573)}};
    const unsigned char *at = bytes;
    size_t left = length;
    for (; left >= WORD; left -= WORD, at += WORD)
        absorb(&self, little_endian(at, WORD));
    absorb(&self, little_endian(at, left) | (uint64_t)length << 56);
    self.v[2] ^= 0xff;
    mix(&self, FINALISATION_ROUNDS);
    return self.v[0] ^ self.v[1] ^ self.v[2] ^ self.v[3];
}
