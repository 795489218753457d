/* What comes after a call's own record, as programs of their own: one that this kernel refuses is left out. */
BPF_TABLE("prog", int, int, tails, 8);

/* Calls that may change who the thread is or which namespaces it is in: bit n is call n. */
static __always_inline bool changes_privileges(u32 code)
{
    u64 word = code < 64 ? PRIVILEGED_0 : code < 128 ? PRIVILEGED_1 : code < 192 ? PRIVILEGED_2
             : code < 256 ? PRIVILEGED_3 : code < 320 ? PRIVILEGED_4 : code < 384 ? PRIVILEGED_5 : 0;
    return word >> (code & 63) & 1;
}
