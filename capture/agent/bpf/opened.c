/* The path of the file that was really opened, or is run: up its names and mounts, as the kernel has them.
 *
 * It is told once for each way to a file (entry and mount) and again when names may have changed since, so that
 * who opens the same file over and over pays for a look into a table.
 */

#define STEPS 64            /* names and mounts together */
#define LONGEST 4096
#define NAME_MOST 255
#define TOLD_FOR 60000000000ULL /* ns; a record of it that found no room is made up for */
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
    u64 dentry, mount, name_hash, ino, moves, until;
};
BPF_ARRAY(told_ways, struct way, 8192);

/* Up the tree from an entry: the names on the way, innermost first; whether the root was reached. */
static __always_inline bool climb(struct walk *w, char *dentry, char *vfsmount)
{
    char *mount = vfsmount - K_MOUNT_MNT, *top = 0, *above = 0;
    w->names = 0;
    READ(top, vfsmount + K_VFSMOUNT_ROOT);
    #pragma nounroll
    for (int i = 0; i < STEPS; i++) {
        if (dentry == top) {
            if (READ(above, mount + K_MOUNT_PARENT) || !above || above == mount) return true;
            READ(dentry, mount + K_MOUNT_MOUNTPOINT);
            mount = above;
            READ(top, mount + K_MOUNT_MNT + K_VFSMOUNT_ROOT);
            continue;
        }
        u32 length = 0;
        struct step *step = &w->steps[w->names & (STEPS - 1)];
        READ(above, dentry + K_DENTRY_PARENT);
        READ(length, dentry + K_DENTRY_LENGTH);
        READ(step->name, dentry + K_DENTRY_NAME);
        step->length = length;
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

/* Whether this way has been told of since names last changed; it counts as told from now on. */
static __always_inline bool was_told(char *dentry, char *mount, u64 ino, u64 now)
{
    u64 hash = 0;
    int first = 0;
    u64 *changes = moves.lookup(&first);
    READ(hash, dentry + K_DENTRY_HASH);
    u64 mixed = ((u64)dentry >> 6) ^ ((u64)mount >> 5) ^ hash;
    int at = (mixed ^ mixed >> 13 ^ mixed >> 29) & 8191;
    struct way *way = told_ways.lookup(&at);
    if (!way || !changes) return true;
    if (way->dentry == (u64)dentry && way->mount == (u64)mount && way->name_hash == hash && way->ino == ino &&
        way->moves == *changes && now < way->until) return true;
    way->dentry = (u64)dentry;
    way->mount = (u64)mount;
    way->name_hash = hash;
    way->ino = ino;
    way->moves = *changes;
    way->until = now + TOLD_FOR;
    return false;
}

static __always_inline void describe_opened(struct head *h, u64 now, u64 id, struct ident *ident, s32 fd, u64 how)
{
    begin(h, now, id, OPENED_PATH);
    h->args[0] = how;
    h->ino = ident->ino;
    h->dev = ident->dev;
    h->mode = ident->mode;
    h->fd = fd;
}

static __always_inline void tell_path(u64 id, char *file, struct ident *ident, s32 fd)
{
    struct { char *mount, *dentry; } path = {};
    u64 now = bpf_ktime_get_boot_ns(), hashed = 0, how;
    int first = 0;
    struct walk *w = walks.lookup(&first);
    if (!w || READ(path, file + K_FILE_PATH) || !path.mount || !path.dentry) return;
    if (was_told(path.dentry, path.mount, ident->ino, now)) return;
    w->length = 0;
    if (climb(w, path.dentry, path.mount)) write_down(w);
    u64 length = w->length;
    READ(hashed, path.dentry + K_DENTRY_HASHED);
    how = hashed || !w->names ? 0 : UNNAMED;
    if (length <= MEDIUM_DATA) {
        struct medium *m = medium.ringbuf_reserve(sizeof(*m));
        if (!m) return count_lost(LANE_MEDIUM, CATEGORY_FILE);
        describe_opened(&m->head, now, id, ident, fd, how);
        m->head.text_len = length;
        if (!length) m->head.flags |= F_TEXT_TRUNCATED;
        bpf_probe_read_kernel(m->data, at_most(length, MEDIUM_DATA), w->path);
        medium.ringbuf_submit(m, BPF_RB_NO_WAKEUP);
    } else {
        struct large *l = large.ringbuf_reserve(sizeof(*l));
        if (!l) return count_lost(LANE_LARGE, CATEGORY_FILE);
        describe_opened(&l->head, now, id, ident, fd, how);
        l->head.text_len = at_most(length, LONGEST);
        bpf_probe_read_kernel(l->data, at_most(length, LONGEST), w->path);
        large.ringbuf_submit(l, BPF_RB_NO_WAKEUP);
    }
}

/* After the record of an open, whose file on_sys_exit leaves in the slot, or of a new program. */
int opened_path(struct bpf_raw_tracepoint_args *ctx)
{
    u64 id = bpf_get_current_pid_tgid();
    int at = (u32)id & (SLOTS - 1);
    struct slot *slot = slots.lookup(&at);
    if (!slot) return 0;
    if (slot->code == NR_execve || slot->code == NR_execveat) {
        char *mm = 0, *file = 0;
        struct ident ident = {};
        READ(mm, (char *)bpf_get_current_task() + K_TASK_MM);
        if (!mm || READ(file, mm + K_MM_EXE_FILE) || !file) return 0;
        identify_file(file, &ident);
        tell_path(id, file, &ident, -1);
        return 0;
    }
    int key = slot->code;
    struct plan *plan = plans.lookup(&key);
    if (!plan || plan->names != OPENS || !slot->regs) return 0;
    struct ident ident = slot->before;
    tell_path(id, (char *)slot->regs, &ident, ctx->args[1]);
    return 0;
}
