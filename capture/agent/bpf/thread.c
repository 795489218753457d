/* What a thread is in the middle of, and its arguments. */

/* What a thread is in the middle of; indexed by the low bits of its tid. */
struct slot {
    u64 start;          /* 0: not in a call */
    u64 regs;           /* after an open has returned: the file that it opened */
    u32 tid;
    u32 code;
    u32 muted;          /* a child of the recorder that has not run its program yet */
    u32 script;         /* the program that it has just begun is a script's interpreter */
    struct ident before; /* what close() is about to close, what an open has opened */
};
BPF_F_TABLE("array", int, struct slot, slots, SLOTS, 1 << 10 /* BPF_F_MMAPABLE */);

/* The recorder is in no event, nor is a child of its own that does not run its program yet. */
static __always_inline bool is_muted(u64 id)
{
    int at = (u32)id & (SLOTS - 1);
    struct slot *slot = slots.lookup(&at);
    return (id >> 32) == SELF || !slot || slot->muted == (u32)id;
}

/* The part of pt_regs (x86_64) that holds arguments. */
#define REGS_AT 56
#define BP_AT 32 /* and bx behind it */
struct regs { u64 r10, r9, r8, rax, rcx, rdx, rsi, rdi, orig_rax; };

static __always_inline u64 argument(struct regs *r, u8 at)
{
    switch (at) {
    case 0: return r->rdi;
    case 1: return r->rsi;
    case 2: return r->rdx;
    case 3: return r->r10;
    case 4: return r->r8;
    case 5: return r->r9;
    }
    return 0;
}
