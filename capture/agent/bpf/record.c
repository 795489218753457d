/* Records: what the probe hands over, and the lanes that it lies in.
 *
 * The probe is these files one after another (capture/agent/kernel.py names their order). Constants come as -D
 * flags: SELF, SNAPLEN, SLOTS and the sizes of lanes from the settings, K_* from the running kernel's BTF
 * (capture/agent/layout.py), NR_* and CATEGORY_* from the catalogue. capture/agent/records.py mirrors `struct head`.
 *
 * System calls have a lane for each processor: `stamps` in order of time, one a call; `heads`, all else of a call, one
 * for those that have it in common; and `bytes`, where their texts and payload lie packed. Only sys_exit writes
 * there, and nothing interrupts it on its processor (a tracepoint's program runs with preemption off, and no interrupt
 * makes a system call), so that a record takes no lock and no call. All else goes through ring buffers, and so is
 * never pushed out by a storm of calls.
 */

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif
#define MAX_LATENCY (~0ULL)
#define F_COMPAT 1
#define F_X32 2
#define X32_BIT (1U << 30)
#define F_NEVER_RETURNED 8
#define F_TEXT_TRUNCATED 16
#define F_DATA_TRUNCATED 32
#define F_UNREADABLE 64
#define F_UNPACKED 512
#define F_SOCKET (1 << 15) /* between probe and recorder: first of the record's bytes is a socket's tuple, a program's file */
#define PROCFORK 0xF001
#define PROCEXEC 0xF002
#define PROCEXIT 0xF003
#define CGROUP_MKDIR 0xF010
#define CGROUP_RMDIR 0xF011
#define CGROUP_ATTACH 0xF012
#define SIGNAL_GENERATE 0xF020
#define SIGNAL_DELIVER 0xF021
#define MODULE_LOAD 0xF028
#define MODULE_FREE 0xF029
#define CRED_CHANGE 0xF030
#define NS_CHANGE 0xF031
#define OPENED_PATH 0xF032
#define OOM_KILL 0xF038
#define URING_CREATE 0xF040
#define URING_SUBMIT 0xF041
#define URING_COMPLETE 0xF100 /* and the operation */
#define S_IFMT 0170000
#define S_IFSOCK 0140000
#define S_IFREG 0100000
#define NONE 0xff
#define TS_COMPAT 2 /* arch/x86/include/asm/thread_info.h */
#define MMAPABLE (1 << 10)
#define OPENS_FOR_WRITING 01103 /* O_WRONLY, O_RDWR, O_CREAT, O_TRUNC */

/* Two lines of the processor's cache. */
struct head {
    u64 time;
    u64 latency;
    u64 cgroup;
    s64 ret;
    u64 args[6];
    u64 ino;
    u32 dev;
    u32 uid;
    union {
        u64 ids;
        struct { u32 pid, tid; };
    };
    s32 fd;
    u32 at;             /* where in `bytes` its own begin */
    u16 code;
    u16 cpu;
    u16 mode;
    u16 flags;
    union {
        u32 sizes;
        struct { u32 data_len : 24, addr_len : 8; };
    };
    u16 text_len;
    u16 text2_len;
};

/* What no two calls have in common. */
struct stamp {
    u64 time;
    u64 latency;
    u32 head;           /* place of its head, the same for calls that differ in nothing but this */
    u32 at;             /* where in `bytes` its own begin */
};

/* Heads that a later call may have in common: one of the last KEPT on its processor, found by thread and call. A head
 * is written over once HEADS more have been made. The recorder tells by `released` up to which heads are of no record
 * that it has not taken, but for those that were shared: these are among the KEPT before. As no more than HEAD_ROOM are
 * made beyond `released`, no record has a head that has been written over. */
#define HEADS (HEAD_ROOM + KEPT)
#define RECENT 64

/* How far the probe and the recorder are in a processor's lane; each writes lines of its own. */
struct position {
    u64 written;        /* records */
    u64 bytes;          /* used of `bytes`, skipped ones included */
    u64 next;           /* `written`, as a place in the ring of stamps */
    u64 head;           /* place of the next head: what is being written, and of no record yet */
    u64 made;           /* heads; `head` as a number that only grows */
    u64 unused[3];
    u64 taken;          /* records */
    u64 freed;          /* of `bytes` */
    u64 released;       /* heads */
    u64 unused2[5];
    u32 recent[RECENT]; /* places of heads */
};
/* The recorder maps these. A record's bytes never lie across two segments. */
struct segment { char data[SEGMENT]; };
BPF_F_TABLE("array", int, struct position, positions, CPUS, MMAPABLE);
BPF_F_TABLE("array", int, struct stamp, stamps, CPUS * RECORDS, MMAPABLE);
BPF_F_TABLE("array", int, struct head, heads, CPUS * HEADS, MMAPABLE);
BPF_F_TABLE("array", int, struct segment, bytes, CPUS * SEGMENTS, MMAPABLE);

struct life { struct head head; char data[LIFE_DATA]; };
struct exec { struct head head; char data[EXEC_DATA]; };
struct exec_long { struct head head; char data[EXEC_LONG_DATA]; };
struct other { struct head head; };
struct uring { struct head head; char data[URING_DATA]; }; /* two names, or a socket's tuple and an address */
BPF_RINGBUF_OUTPUT(life, LIFE_PAGES);
BPF_RINGBUF_OUTPUT(exec, EXEC_PAGES);
BPF_RINGBUF_OUTPUT(exec_long, EXEC_LONG_PAGES);
BPF_RINGBUF_OUTPUT(other, OTHER_PAGES);
BPF_RINGBUF_OUTPUT(uring, URING_PAGES);
enum { LANE_CALLS, LANE_LIFE, LANE_EXEC, LANE_OTHER, LANE_URING, NO_PAYLOAD, NO_PATH, LANES };
#define FITTED LANES /* no lane was full */
/* What found no room, events that gave up their payload, and opens whose path was not told: by processor, lane and
 * category of call. */
BPF_F_TABLE("array", int, u64, lost, CPUS * LANES * CATEGORIES, MMAPABLE);

#define READ(to, from) bpf_probe_read_kernel(&(to), sizeof(to), (void *)(from))

/* LOAD reads a member of a struct that is reached from TASK(), the current thread, by members alone. From 5.15 on
 * (TYPED is 1) the verifier follows the types on such a way, and a member is one instruction instead of a call. From
 * 6.2 on (TYPED is 2) AS takes any address for a struct, so that WORD, eight bytes of the kernel's memory, is one
 * instruction as well. What cannot be read is 0 in all of them. */
#if TYPED
#define TASK() ((char *)bpf_get_current_task_btf())
#define LOAD(type, base, at) (*(type *)((base) + (at)))
#else
#define TASK() ((char *)bpf_get_current_task())
#define LOAD(type, base, at) ({ type value_ = 0; READ(value_, (base) + (at)); value_; })
#endif
#if TYPED >= 2
/* bpf_rdonly_cast: a function of the kernel, not a helper; its number is put in when the program is loaded. */
static void *(*taken_for)(void *address, u32 type) = (void *)CAST;
#define AS(type, address) ((char *)taken_for((void *)(address), TYPE_##type))
#define WORD(address) LOAD(u64, AS(WORDS, address), 0)
#else
#define WORD(address) ({ u64 word_ = 0; READ(word_, address); word_; })
#endif

/* The current thread, TASK(): reading a member costs less than the kernel's own function for it. */
#if TYPED
static __always_inline u64 id_of(char *task)
{
    return (u64)LOAD(u32, task, K_TASK_TGID) << 32 | LOAD(u32, task, K_TASK_PID);
}

static __always_inline u32 uid_of(char *task)
{
    return LOAD(u32, LOAD(char *, task, K_TASK_CRED), K_CRED_UID);
}
#else
#define id_of(task) bpf_get_current_pid_tgid()
#define uid_of(task) bpf_get_current_uid_gid()
#endif

/* The id of its cgroup in the unified hierarchy. */
#if TYPED && defined(K_CSS_SET_DEFAULT)
static __always_inline u64 cgroup_of(char *task)
{
    char *cgroup = LOAD(char *, LOAD(char *, task, K_TASK_CGROUPS), K_CSS_SET_DEFAULT);
    return LOAD(u64, LOAD(char *, cgroup, K_CGROUP_KN), K_KN_ID);
}
#else
#define cgroup_of(task) bpf_get_current_cgroup_id()
#endif

/* The smaller one. Written in instructions, for kernels before 6.3 follow a bound only where a register is held against
 * a number, and the compiler would rather hold a number in a register against it. */
static __always_inline u64 at_most(u64 n, u64 most)
{
    asm volatile("if %0 <= %1 goto +1\n%0 = %1" : "+r"(n) : "ri"(most));
    return n;
}

static __always_inline void count_lost(int lane, u8 category)
{
    int at = (bpf_get_smp_processor_id() * LANES + lane) * CATEGORIES + category;
    u64 *count = lost.lookup(&at);
    if (count) __sync_fetch_and_add(count, 1);
}

/* Who does what when; all else of a record is nothing. */
static __always_inline void begin(struct head *h, u64 now, u64 id, u16 code)
{
    __builtin_memset(h, 0, sizeof(*h));
    h->time = now;
    h->latency = MAX_LATENCY;
    h->cgroup = bpf_get_current_cgroup_id();
    h->uid = bpf_get_current_uid_gid();
    h->ids = id << 32 | id >> 32;
    h->fd = -1;
    h->code = code;
    h->cpu = bpf_get_smp_processor_id();
}
