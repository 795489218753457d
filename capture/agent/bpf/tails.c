/* What comes after a call's own record, as programs of their own: one that this kernel refuses is left out. */
BPF_TABLE("prog", int, int, tails, 8);

/* Calls that may change who the thread is or which namespaces it is in: bit n is call n. */
static __always_inline bool changes_privileges(u32 code)
{
    u64 word = code < 64 ? PRIVILEGED_0 : code < 128 ? PRIVILEGED_1 : code < 192 ? PRIVILEGED_2
             : code < 256 ? PRIVILEGED_3 : code < 320 ? PRIVILEGED_4 : code < 384 ? PRIVILEGED_5 : 0;
    return word >> (code & 63) & 1;
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
