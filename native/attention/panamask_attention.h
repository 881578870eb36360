/* Attention of Panamask for programs in C: the kernels of kernels/attention_*.cu, compiled at run time for the device of
 * the calling thread's CUDA context. Results and gradients are the same bits in every run.
 *
 * R query rows of B sequences, packed one after another, see T keys of their own sequence: row r the keys in the two
 * intervals [bounds[r][0], bounds[r][1]) and [bounds[r][2], bounds[r][3]), and of those after its own index only what a
 * random draw opens if annealing_threshold is below 65536. Every function but the last two returns 0, or another number
 * and says why in panamask_attention_error. Nothing waits for the device. */
#ifndef PANAMASK_ATTENTION_H
#define PANAMASK_ATTENTION_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { PANAMASK_F32 = 0, PANAMASK_F16 = 1, PANAMASK_BF16 = 2 };

/* Compiled kernels for one element type and one width of heads, at most 128. */
typedef struct panamask_attention panamask_attention;

/* Who sees whom, in host memory. */
typedef struct {
    int batch;                         /* B */
    int keys;                          /* T */
    const int* first_row;              /* [B + 1] where each sequence's rows begin; the last is R */
    const int* index;                  /* [R] index of each row in its sequence */
    const int* bounds;                 /* [R, 4] */
    unsigned long long annealing_key;  /* of the draws */
    int annealing_threshold;           /* a key after the row is open if its 16 bits lie below; 65536: all are */
} panamask_attention_mask;

/* One call, all in device memory but the last fields. Elements are of the type that was opened; those of 16
 * bits start at multiples of 16 bytes. */
typedef struct {
    const void* table; /* what panamask_attention_table wrote, copied to the device */
    const void* q;     /* [R, heads, width] */
    const void* k;     /* [B * T, key_heads, width] */
    const void* v;     /* [B * T, key_heads, width] */
    void* o;           /* [R, heads, width] */
    float* lse;        /* [heads, R] natural logarithm of each row's sum of exponentials */
    const void* dout;  /* [R, heads, width]; from here on for the gradient only, which reads o and lse */
    float* delta;      /* [heads, R] room for sums of dout * o */
    void* dq;          /* [R, heads, width] */
    void* dk;          /* [B * T, key_heads, width] */
    void* dv;          /* [B * T, key_heads, width] */
    int heads;         /* a multiple of key_heads */
    int key_heads;
    float scale;       /* of scores; usually 1 / sqrt(width) */
} panamask_attention_call;

int panamask_attention_open(int type, int width, panamask_attention** attention);

/* The bytes of a mask's table, and the table, which the caller copies to the device once for any number of calls. */
size_t panamask_attention_table_bytes(const panamask_attention* attention, const panamask_attention_mask* mask);
int panamask_attention_table(const panamask_attention* attention, const panamask_attention_mask* mask, void* table);

/* Queues the kernels on a stream, a CUstream or cudaStream_t. */
int panamask_attention_forward(const panamask_attention* attention, const panamask_attention_mask* mask,
                               const panamask_attention_call* call, void* stream);
int panamask_attention_backward(const panamask_attention* attention, const panamask_attention_mask* mask,
                                const panamask_attention_call* call, void* stream);

void panamask_attention_close(panamask_attention* attention);
/* What the last failed call of this thread was about. */
const char* panamask_attention_error(void);

#ifdef __cplusplus
}
#endif
#endif
