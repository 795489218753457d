/* What the recording was asked to leave out: decided as a call enters, before anything is noted.
 *
 * Two things decide. The call itself: a rule for each number of each ABI (capture/agent/filter.py). And who makes
 * it: that is judged once for a thread and kept until something that it depends on may have changed. Calls by which
 * names and lives are known are never left out. What is left out is counted, by call.
 */

#ifdef FILTERING

enum { ALWAYS = 1, LEFT_OUT = 2, CHANGES_CALLER = 4 };
enum { BY_CONTAINER = 1, BY_CGROUP = 2, BY_TREE = 4, BY_UID = 8, BY_COMM = 16 };
enum { ONLY = 1, SKIP = 2, CGROUP_ONLY = 4, CGROUP_SKIP = 8, UNDECIDED = 16, NO_CONTAINER = 32 };
#define CONCERNS (ONLY_BY | SKIP_BY)
#define X32_BIT (1U << 30)

struct verdict {
    u32 tid;
    u32 moment;         /* of which moment it is */
    u32 skip;
    u32 left_out;       /* the tid, while the call that it is in is left out */
};
struct moment {
    u32 ours, theirs;   /* raised when verdicts may be others: by the recorder, by the probe */
    u32 full;           /* a tree outgrew its table: whom it lacks is recorded */
    u32 unused;
};
struct name { char comm[16]; };

BPF_F_TABLE("array", int, u64, call_rules, 3 * PLANS, 1 << 10 /* BPF_F_MMAPABLE */);
BPF_F_TABLE("array", int, u64, calls_left_out, CPUS * 3 * PLANS, 1 << 10);
BPF_F_TABLE("array", int, struct moment, moments, 1, 1 << 10);
BPF_ARRAY(verdicts, struct verdict, SLOTS);
BPF_HASH(chosen_cgroups, u64, u64, 65536);
BPF_HASH(chosen_trees, u32, u64, 65536);
BPF_HASH(chosen_uids, u32, u64, 4096);
BPF_HASH(chosen_comms, struct name, u64, 4096);

static __always_inline bool refuses(u64 *mark, u32 by)
{
    u64 marks = mark ? *mark : 0;
    return marks & SKIP || (ONLY_BY & by && !(marks & ONLY));
}

/* What is known of the current thread's cgroup. Where a container shows in one hierarchy, another that knows of none
 * has no say. */
static __always_inline u64 cgroup_marks(void)
{
    u64 cgroup = bpf_get_current_cgroup_id();
    u64 *mark = chosen_cgroups.lookup(&cgroup);
    u64 marks = mark ? *mark : 0;
#if TELLS_V1_CGROUP
    cgroup = v1_cgroup();
    u64 *other = chosen_cgroups.lookup(&cgroup);
    if (!other) return marks;
    u64 paths = (marks | *other) & (CGROUP_ONLY | CGROUP_SKIP);
    if (!mark || (marks & NO_CONTAINER && !(*other & NO_CONTAINER))) marks = *other;
    marks |= paths;
#endif
    return marks;
}

/* Whether what the current thread does is left out. */
static __always_inline bool is_refused(u64 id, u32 full)
{
    if (CONCERNS & BY_UID) {
        u32 uid = bpf_get_current_uid_gid();
        if (refuses(chosen_uids.lookup(&uid), BY_UID)) return true;
    }
    if (CONCERNS & BY_COMM) {
        struct name name = {};
        bpf_get_current_comm(&name, sizeof(name));
        if (refuses(chosen_comms.lookup(&name), BY_COMM)) return true;
    }
    if (CONCERNS & BY_TREE) {
        u32 pid = id >> 32;
        u64 *mark = chosen_trees.lookup(&pid);
        if ((mark || !full) && refuses(mark, BY_TREE)) return true;
    }
    if (CONCERNS & (BY_CONTAINER | BY_CGROUP)) {
        u64 marks = cgroup_marks();
        if (marks & CGROUP_SKIP) return true;
        if (marks & UNDECIDED) return false;
        if (refuses(&marks, BY_CONTAINER)) return true;
        if (ONLY_BY & BY_CGROUP && !(marks & CGROUP_ONLY)) return true;
    }
    return false;
}

/* Where the rule of a call stands: numbers of x86_64, of i386, of x32. -1: nowhere. */
static __always_inline int rule_of(u32 code)
{
    u32 status = LOAD(u32, TASK(), K_TASK_STATUS), number = code & ~X32_BIT;
    if (number >= PLANS) return -1;
    if (status & TS_COMPAT) return PLANS + number;
    return code & X32_BIT ? 2 * PLANS + number : number;
}

static __always_inline bool is_left_out(u64 id, u32 code)
{
    int at = (u32)id & (SLOTS - 1), only = 0, key = rule_of(code);
    struct verdict *v = verdicts.lookup(&at);
    struct moment *m = moments.lookup(&only);
    if (!v || !m) return false;
    u64 *found = call_rules.lookup(&key);
    u64 rule = found ? *found : 0;
    v->left_out = 0;
    if (!(rule & (ALWAYS | LEFT_OUT))) {
        u32 moment = m->ours + m->theirs;
        if (v->tid != (u32)id || v->moment != moment) {
            v->skip = is_refused(id, m->full);
            v->tid = id;
            v->moment = moment;
        }
        if (v->skip) rule |= LEFT_OUT;
    }
    if (rule & CHANGES_CALLER) v->tid = 0;
    if (rule & ALWAYS || !(rule & LEFT_OUT)) return false;
    v->left_out = id;
    at = key < 0 ? PLANS - 1 : key;
    at += bpf_get_smp_processor_id() * 3 * PLANS;
    u64 *count = calls_left_out.lookup(&at);
    if (count) lock_xadd(count, 1);
    return true;
}

/* Whether the call that the thread returns from was left out when it entered. */
static __always_inline bool was_left_out(u64 id)
{
    int at = (u32)id & (SLOTS - 1);
    struct verdict *v = verdicts.lookup(&at);
    return v && v->left_out == (u32)id;
}

static __always_inline void judge_again(u32 tid)
{
    int at = tid & (SLOTS - 1);
    struct verdict *v = verdicts.lookup(&at);
    if (v) v->tid = v->left_out = 0;
}

static __always_inline void judge_all_again(bool full)
{
    int only = 0;
    struct moment *m = moments.lookup(&only);
    if (!m) return;
    if (full) m->full = 1;
    lock_xadd(&m->theirs, 1);
}

static __always_inline void filter_fork(u32 parent, u32 tid, u32 pid)
{
    judge_again(tid);
    if (!(CONCERNS & BY_TREE) || tid != pid) return;
    u64 *mark = chosen_trees.lookup(&parent);
    u64 marks = mark ? *mark : parent == SELF ? OF_COMMAND : 0;
    if (marks && chosen_trees.update(&pid, &marks)) judge_all_again(true);
}

static __always_inline void filter_exit(u32 pid, bool last)
{
    if (CONCERNS & BY_TREE && last) chosen_trees.delete(&pid);
}

#ifdef K_CGROUP_KN
/* What a cgroup is chosen by; 0 where it is of no hierarchy that counts. */
static __always_inline u64 id_in_tree(char *cgroup, char **kn, u64 *tree)
{
    char *root = 0;
    u32 hierarchy = 0;
    u64 id = 0;
    if (!READ(root, cgroup + K_CGROUP_ROOT) && root) READ(hierarchy, root + K_ROOT_HIERARCHY);
#ifdef V1_HIERARCHY
    if (hierarchy == V1_HIERARCHY) hierarchy = 0, *tree = (u64)V1_HIERARCHY << TREE_SHIFT;
#endif
    if (hierarchy || READ(*kn, cgroup + K_CGROUP_KN) || !*kn) return 0;
    READ(id, *kn + K_KN_ID);
    return id | *tree;
}

/* A new cgroup is within what its parent is in; whether it is a container's the recorder finds out. */
static __always_inline void filter_mkdir(char *cgroup)
{
    char *kn = 0, *parent = 0;
    if (!(CONCERNS & (BY_CONTAINER | BY_CGROUP))) return;
    u64 above = 0, tree = 0, id = id_in_tree(cgroup, &kn, &tree), marks = 0;
    if (!id) return;
    if (!READ(parent, kn + K_KN_PARENT) && parent) READ(above, parent + K_KN_ID);
    above |= tree;
    u64 *mark = chosen_cgroups.lookup(&above);
    if (mark) marks = *mark;
    if (marks & NO_CONTAINER) marks &= ~(ONLY | SKIP | NO_CONTAINER);
    if (!(marks & (ONLY | SKIP))) marks |= UNDECIDED;
    chosen_cgroups.update(&id, &marks);
}

static __always_inline void filter_rmdir(char *cgroup)
{
    char *kn = 0;
    if (!(CONCERNS & (BY_CONTAINER | BY_CGROUP))) return;
    u64 tree = 0, id = id_in_tree(cgroup, &kn, &tree);
    if (id) chosen_cgroups.delete(&id);
}
#endif

#else

static __always_inline bool is_left_out(u64 id, u32 code) { return false; }
static __always_inline bool was_left_out(u64 id) { return false; }
static __always_inline void judge_again(u32 tid) {}
static __always_inline void judge_all_again(bool full) {}
static __always_inline void filter_fork(u32 parent, u32 tid, u32 pid) {}
static __always_inline void filter_exit(u32 pid, bool last) {}
static __always_inline void filter_mkdir(char *cgroup) {}
static __always_inline void filter_rmdir(char *cgroup) {}

#endif
