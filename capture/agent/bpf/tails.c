/* What comes after a call's own record, as programs of their own: one that this kernel refuses is left out. */
BPF_TABLE("prog", int, int, tails, 8);

/* Calls that may change who the thread is or which namespaces it is in: bit n is call n. Those of x32 have the numbers
 * of x86_64, those of the 32-bit entry have their own. */
#define BIT_OF(code, words) (((code) < 64 ? words##_0 : (code) < 128 ? words##_1 : (code) < 192 ? words##_2 : \
    (code) < 256 ? words##_3 : (code) < 320 ? words##_4 : (code) < 384 ? words##_5 : 0) >> ((code) & 63) & 1)

static __always_inline bool changes_privileges(u32 code, u16 flags)
{
    u32 number = code & ~X32_BIT;
    return flags & F_COMPAT ? BIT_OF(code, PRIVILEGED_COMPAT) : BIT_OF(number, PRIVILEGED);
}

/* The same for a call of whose entry nothing is known yet: cheap, and never a no too much. */
static __always_inline bool may_change_privileges(u32 code)
{
    u32 number = code & ~X32_BIT;
    return BIT_OF(number, PRIVILEGED_ANY);
}

/* How often names or mounts have been changed; `opened_path` knows by it what it told before. */
BPF_ARRAY(moves, u64, 1);
/* How many files the recorder has begun after the first: each stands alone, so all is told anew. */
BPF_F_TABLE("array", int, u64, files_begun, 1, 1 << 10 /* BPF_F_MMAPABLE */);

static __always_inline void count_move(void)
{
    int first = 0;
    u64 *count = moves.lookup(&first);
    if (count) __sync_fetch_and_add(count, 1);
}
