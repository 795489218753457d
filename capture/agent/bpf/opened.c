/* The path of the file that was really opened, or is run: up its names and mounts, as the kernel has them.
 *
 * It is told once for each way to a file (entry and mount), and again when names may have changed since or the recorder
 * has begun another file, so that who opens the same file over and over pays for a look into a table.
 */

#define STEPS 64            /* names and mounts together */
#define LONGEST 4096
#define NAME_MOST 255
#define TOLD_FOR 10000000000ULL /* ns */
#define UNNAMED 1           /* deleted, or never had a name */

struct step {
    u64 name;
    u64 length;
};
/* Counters lie here too: those that the verifier can follow make it try each of their values. */
struct walk {
    u64 names, length;
    struct step steps[STEPS];
    char path[LONGEST + 512];
};
BPF_PERCPU_ARRAY(walks, struct walk, 1);

struct way {
    u64 dentry, mount, name_hash, ino, moves, file, until;
};
BPF_ARRAY(told_ways, struct way, 8192);

/* Up the tree from an entry: the names on the way, innermost first; whether the root was reached. */
static __always_inline bool climb(struct walk *w, u64 dentry, u64 vfsmount)
{
    u64 mount = vfsmount - K_MOUNT_MNT, top = WORD(vfsmount + K_VFSMOUNT_ROOT), above = 0;
    w->names = 0;
    #pragma nounroll
    for (int i = 0; i < STEPS; i++) {
        if (dentry == top) {
            above = WORD(mount + K_MOUNT_PARENT);
            if (!above || above == mount) return true;
            dentry = WORD(mount + K_MOUNT_MOUNTPOINT);
            mount = above;
            top = WORD(mount + K_MOUNT_MNT + K_VFSMOUNT_ROOT);
            continue;
        }
        struct step *step = &w->steps[w->names & (STEPS - 1)];
        above = WORD(dentry + K_DENTRY_PARENT);
        step->name = WORD(dentry + K_DENTRY_NAME);
        step->length = (u32)WORD(dentry + K_DENTRY_LENGTH);
        w->names++;
        /* What hangs nowhere (a memfd, an entry of a file system that nobody mounted) is its own parent. */
        if (above == dentry) return true;
        dentry = above;
    }
    return false;
}

/* The names from the root down, each after a slash, into `path`; its length is 0 if they do not fit. */
static __always_inline void write_down(struct walk *w)
{
    w->length = 0;
    #pragma nounroll
    for (u32 i = 0; i < STEPS; i++) {
        if (i >= w->names) break;
        struct step *step = &w->steps[(w->names - 1 - i) & (STEPS - 1)];
        u64 length = at_most(step->length, NAME_MOST), at = at_most(w->length, LONGEST);
        w->path[at] = '/';
        bpf_probe_read_kernel(w->path + at + 1, length, (void *)step->name);
        w->length = at + length + 1;
    }
    if (w->length > LONGEST) w->length = 0;
    if (w->names) return;
    w->path[0] = '/';
    w->length = 1;
}

/* The way's place if it has not been told of since names last changed, else 0; it counts as told from now on. */
static __always_inline struct way *untold(u64 dentry, u64 mount, u64 ino, u64 now)
{
    u64 hash = WORD(dentry + K_DENTRY_HASH);
    int first = 0;
    u64 *changes = moves.lookup(&first), *file = files_begun.lookup(&first);
    u64 mixed = (dentry >> 6) ^ (mount >> 5) ^ hash;
    int at = (mixed ^ mixed >> 13 ^ mixed >> 29) & 8191;
    struct way *way = told_ways.lookup(&at);
    if (!way || !changes || !file) return 0;
    if (way->dentry == dentry && way->mount == mount && way->name_hash == hash && way->ino == ino &&
        way->moves == *changes && way->file == *file && now < way->until) return 0;
    way->dentry = dentry;
    way->mount = mount;
    way->name_hash = hash;
    way->ino = ino;
    way->moves = *changes;
    way->file = *file;
    way->until = now + TOLD_FOR;
    return way;
}

/* In the lane of calls, behind the call that it belongs to: this is the end of sys_exit. False: it has no room, for
 * what is left is for process life. */
static __always_inline bool emit_path(struct walk *w, u64 now, u64 id, struct ident *ident, s32 fd, u64 how)
{
    int cpu = bpf_get_smp_processor_id();
    struct position *p = positions.lookup(&cpu);
    if (!p || used_of(p) >= RECORDS - RECORDS / 8) return false;
    struct head *h = next_head(p, cpu);
    struct target t = {h, p, bytes_room(p, cpu, false)};
    if (!h || !t.segment) return false;
    begin(h, now, id, OPENED_PATH);
    h->args[0] = how;
    put_thing(h, ident);
    h->fd = fd;
    h->at = p->bytes;
    u64 length = at_most(w->length, LONGEST);
    bpf_probe_read_kernel(next_place(&t, LONGEST), length, w->path);
    h->text_len = length;
    if (!length) h->flags |= F_TEXT_TRUNCATED;
    keep(&t, length);
    hand_over(h, p, cpu);
    return true;
}

static __always_inline void tell_path(u64 now, u64 id, u64 file, struct ident *ident, s32 fd)
{
    /* struct path */
    u64 mount = WORD(file + K_FILE_PATH), dentry = WORD(file + K_FILE_PATH + 8);
    u64 how;
    int first = 0;
    struct walk *w = walks.lookup(&first);
    if (!w || !mount || !dentry) return;
    struct way *way = untold(dentry, mount, ident->ino, now);
    if (!way) return;
    w->length = 0;
    bool whole = climb(w, dentry, mount);
    /* A file that is the root of a mount which lies nowhere: it has no path. */
    if (whole && !w->names && (ident->mode & S_IFMT) == S_IFREG) return;
    if (whole) write_down(w);
    how = WORD(dentry + K_DENTRY_HASHED) || !w->names ? 0 : UNNAMED;
    if (emit_path(w, now, id, ident, fd, how)) return;
    way->until = 0; /* who opens it once there is room tells of it */
    count_lost(NO_PATH, CATEGORY_FILE);
}

/* After the record of an open, whose file's identity on_sys_exit leaves in the slot, or of a new program: its time is the
 * next after that record's, for asking the clock again costs more than all of this. */
int opened_path(struct bpf_raw_tracepoint_args *ctx)
{
    u64 id = bpf_get_current_pid_tgid();
    int at = (u32)id & (SLOTS - 1);
    struct slot *slot = slots.lookup(&at);
    if (!slot) return 0;
    struct ident ident = slot->thing;
    if (slot->code == NR_execve || slot->code == NR_execveat) {
        char *mm = LOAD(char *, TASK(), K_TASK_MM);
        tell_path(slot->regs + 1, id, LOAD(u64, mm, K_MM_EXE_FILE), &ident, -1);
        return 0;
    }
    struct plan *plan = plan_of(slot->code, entry_flags(TASK(), slot->code));
    u64 file = file_of(ctx->args[1]);
    if (plan && plan->names == OPENS && file) tell_path(slot->regs + 1, id, file, &ident, ctx->args[1]);
    return 0;
}

/* After the record of an open through io_uring. */
int opened_by_uring(struct bpf_raw_tracepoint_args *ctx)
{
    struct { u64 user_data; s32 result; u32 flags; } entry = {};
    struct ident ident = {};
#if URING_ENTRY
    READ(entry, ctx->args[2]);
#else
    entry.result = ctx->args[3];
#endif
    u64 file = file_of(entry.result);
    if (!file) return 0;
    identify_far_file(file, &ident);
    tell_path(bpf_ktime_get_boot_ns(), bpf_get_current_pid_tgid(), file, &ident, entry.result);
    return 0;
}
