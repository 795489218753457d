/* Records: what the probe hands over, and the lanes that it lies in.
 *
 * The probe is these files one after another (capture/agent/kernel.py names their order). Constants come as -D
 * flags: SELF, SNAPLEN, SLOTS and the sizes of lanes from the settings, K_* from the running kernel's BTF
 * (capture/agent/layout.py), NR_* and CATEGORY_* from the catalogue. capture/agent/records.py mirrors `struct head`.
 */

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif
#define MAX_LATENCY (~0ULL)
#define F_COMPAT 1
#define F_X32 2
#define F_NEVER_RETURNED 8
#define F_TEXT_TRUNCATED 16
#define F_DATA_TRUNCATED 32
#define F_UNREADABLE 64
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
#define S_IFMT 0170000
#define S_IFSOCK 0140000
#define NONE 0xff
#define OPENS_FOR_WRITING 01103 /* O_WRONLY, O_RDWR, O_CREAT, O_TRUNC */
#define TS_COMPAT 2 /* arch/x86/include/asm/thread_info.h */

/* Where a record's data has what: texts, or socket, address and payload. */
#define SOCK_AT 0
#define ADDR_AT 48
#define DATA_AT 76
#define ADDR_BESIDE_DATA (DATA_AT - ADDR_AT)
#define ADDR_MAX 112

struct head {
    u64 time;
    u64 latency;
    u64 cgroup;
    s64 ret;
    u64 args[6];
    u64 ino;
    u32 dev;
    u32 uid;
    u32 pid;
    u32 tid;
    s32 fd;
    u16 code;
    u16 cpu;
    u16 mode;
    u16 flags;
    u16 text_len;
    u16 text2_len;
    u16 addr_len;
    u16 sock_len;
    u32 data_len;
};

struct small { struct head head; };
struct medium { struct head head; char data[MEDIUM_DATA]; };
struct wide { struct head head; char data[WIDE_DATA]; };
struct large { struct head head; char data[LARGE_DATA]; };
struct started { struct head head; char data[EXEC_DATA]; };

BPF_RINGBUF_OUTPUT(small, SMALL_PAGES);
BPF_RINGBUF_OUTPUT(medium, MEDIUM_PAGES);
BPF_RINGBUF_OUTPUT(wide, WIDE_PAGES);
BPF_RINGBUF_OUTPUT(large, LARGE_PAGES);
BPF_RINGBUF_OUTPUT(life, LIFE_PAGES);
BPF_RINGBUF_OUTPUT(exec, EXEC_PAGES);
enum { LANE_SMALL, LANE_MEDIUM, LANE_WIDE, LANE_LARGE, LANE_LIFE, LANE_EXEC, NO_PAYLOAD, LANES };
#define FITTED LANES /* no lane was full */
/* What found no room, and events that gave up their payload: by processor, lane and category of call. */
BPF_F_TABLE("array", int, u64, lost, CPUS * LANES * CATEGORIES, 1 << 10 /* BPF_F_MMAPABLE */);

#define READ(to, from) bpf_probe_read_kernel(&(to), sizeof(to), (void *)(from))

/* The smaller one, so that the verifier sees the bound: the compiler must not compare a copy. */
static __always_inline u64 at_most(u64 n, u64 most)
{
    asm volatile("" : "+r"(n));
    if (n > most) n = most;
    asm volatile("" : "+r"(n));
    return n;
}

static __always_inline void count_lost(int lane, u8 category)
{
    int at = (bpf_get_smp_processor_id() * LANES + lane) * CATEGORIES + category;
    u64 *count = lost.lookup(&at);
    if (count) __sync_fetch_and_add(count, 1);
}

/* Room of medium size: process life has its own, and the common one when that is full. */
static __always_inline struct medium *reserve_medium(u8 life_lane)
{
    struct medium *m = 0;
    if (life_lane) m = life.ringbuf_reserve(sizeof(*m));
    if (!m) m = medium.ringbuf_reserve(sizeof(*m));
    return m;
}

static __always_inline void begin(struct head *h, u64 now, u64 id, u16 code)
{
    __builtin_memset(h, 0, sizeof(*h));
    h->time = now;
    h->latency = MAX_LATENCY;
    h->cgroup = bpf_get_current_cgroup_id();
    h->uid = bpf_get_current_uid_gid();
    h->pid = id >> 32;
    h->tid = id;
    h->fd = -1;
    h->code = code;
    h->cpu = bpf_get_smp_processor_id();
}
