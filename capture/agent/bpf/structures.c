/* What lies in structures that arguments point to, and the arguments and payload of 32-bit programs: read once the
 * call's own record is made and before it is handed over, so that calls without them pay nothing. */

#define STRUCT_MAX 160

enum { CAP_VERSION_1 = 0x19980330, CAP_BYTES_1 = 12, CAP_BYTES = 24 }; /* include/uapi/linux/capability.h */
enum { SETGROUPS_16 = 81 };
enum { PR_SET_NAME = 15, PR_GET_NAME = 16, PR_SET_VMA = 0x53564d41 };
enum { GETLK = 5, SETLKW = 7, GETLK64 = 12, SETLKW64 = 14, SETOWN_EX = 15, GETOWN_EX = 16, OFD_GETLK = 36, OFD_SETLKW = 38 };
enum { BPF_CMD_PROG_LOAD = 5, BPF_CMD_OBJ_PIN = 6, BPF_CMD_OBJ_GET = 7, BPF_CMD_RAW_TRACEPOINT = 17, LICENSE_AT = 16 };

/* struct clone_args: two of its members point to ids that the new thread gets. */
#define CLONE_ARGS 88
#define SET_TID_AT 64
#define SET_TID_MOST 6

/* struct flock or flock64, struct f_owner_ex; of a 32-bit program they are shorter. */
static __always_inline u64 fcntl_size(u32 command, bool compat)
{
    if (command >= GETLK && command <= SETLKW) return compat ? 16 : 32;
    if (command >= OFD_GETLK && command <= OFD_SETLKW) return compat ? 24 : 32;
    if (compat && command >= GETLK64 && command <= SETLKW64) return 24;
    return command == SETOWN_EX || command == GETOWN_EX ? 8 : 0;
}

/* Some bytes behind what is kept of the structure already. */
static __always_inline void copy_behind(struct target *t, u64 from, u64 size, u64 most)
{
    u64 done = at_most(t->head->addr_len, STRUCT_MAX), n = at_most(size, most);
    if (!from || !n || !t->segment) return;
    if (bpf_probe_read_user(next_place(t, 2 * STRUCT_MAX) + done, n, (void *)from)) t->head->flags |= F_UNREADABLE;
    else t->head->addr_len = done + n;
}

/* The header of capget and capset, which tells how long the sets are, and these. */
static __always_inline void copy_capabilities(struct target *t)
{
    struct head *h = t->head;
    u32 version = 0;
    if (bpf_probe_read_user(&version, sizeof(version), (void *)h->args[0])) {
        h->flags |= F_UNREADABLE;
        return;
    }
    copy_behind(t, h->args[0], 8, 8);
    copy_behind(t, h->args[1], version == CAP_VERSION_1 ? CAP_BYTES_1 : CAP_BYTES, CAP_BYTES);
}

static __always_inline void copy_clone_args(struct target *t, u64 from, u64 size)
{
    struct { u64 ids, count; } set_tid = {};
    copy_behind(t, from, size, CLONE_ARGS);
    if (size < CLONE_ARGS || bpf_probe_read_user(&set_tid, sizeof(set_tid), (void *)(from + SET_TID_AT))) return;
    copy_behind(t, set_tid.ids, 4 * at_most(set_tid.count, SET_TID_MOST), 4 * SET_TID_MOST);
}

/* Bytes of a group's id; the first call of i386 takes those of 16 bits. */
static __always_inline u64 group_size(struct head *h)
{
    return h->flags & F_COMPAT && h->code == SETGROUPS_16 ? 2 : 4;
}

/* The text that bpf()'s structure points to: a pinned object's path, a tracepoint's name, a program's license. */
static __always_inline u64 bpf_text(struct head *h)
{
    u32 command = h->args[0];
    u64 text = 0, at = h->args[1];
    if (command == BPF_CMD_PROG_LOAD) at += LICENSE_AT;
    else if (command != BPF_CMD_OBJ_PIN && command != BPF_CMD_OBJ_GET && command != BPF_CMD_RAW_TRACEPOINT) return 0;
    bpf_probe_read_user(&text, sizeof(text), (void *)at);
    return text;
}

/* The name that prctl() gives a thread, or memory, or asks for. */
static __always_inline u64 prctl_text(struct head *h)
{
    u32 option = h->args[0];
    if (option == PR_SET_NAME || (option == PR_GET_NAME && !h->ret)) return h->args[1];
    return option == PR_SET_VMA && !h->args[1] ? h->args[4] : 0;
}

/* The structure takes the place of an address; what it points to that of a text. */
static __always_inline void copy_structure(struct target *t, struct plan *plan)
{
    struct head *h = t->head;
    u64 from = argument(h, plan->pointer), size = argument(h, plan->pointer + 1), text = 0;
    if (plan->structure == OF_SIZE) copy_behind(t, from, size * (plan->size ? plan->size : 1), STRUCT_MAX);
    else if (plan->structure == OF_CLONE) copy_clone_args(t, from, size);
    else if (plan->structure == OF_CAPABILITIES) copy_capabilities(t);
    else if (plan->structure == OF_FCNTL) copy_behind(t, from, fcntl_size(h->args[1], h->flags & F_COMPAT), 32);
    else if (plan->structure == OF_GROUPS) copy_behind(t, from, group_size(h) * (u32)h->args[0], STRUCT_MAX);
    else if (plan->structure == OF_FIXED) copy_behind(t, from, plan->size, FIXED_MAX);
    else if (plan->structure == OF_NAME || plan->structure == OF_MOUNT) copy_name_behind(t, from);
    else if (plan->structure == OF_MESSAGE && h->ret >= 0) copy_behind(t, from, width_of_long(h), 8);
    else if (plan->structure == OF_PERMISSIONS && tells_permissions(argument(h, plan->pointer - 1), h->ret))
        copy_behind(t, from, plan->size, FIXED_MAX);
    else if (plan->structure == OF_PRCTL) text = prctl_text(h);
    else if (plan->structure == OF_BPF) {
        copy_behind(t, from, size, STRUCT_MAX);
        text = bpf_text(h);
    }
    keep(t, h->addr_len);
    if (plan->structure == OF_KEYCTL) {
        copy_key_names(t);
        return;
    }
    h->text_len = copy_text(t, text ? text : argument(h, plan->text));
    h->text2_len = copy_text(t, argument(h, plan->text2));
}

/* The arguments of socketcall lie in memory: they come in the places that the call itself has them in, behind its
 * number in the first one's upper half. Its plan, 0 if they cannot be read. */
static __always_inline struct plan *unpack_socketcall(struct head *h, struct slot *slot)
{
    u32 args[6] = {}, call = h->args[0];
    int key = 3 * PLANS + (call & (SOCKETCALLS - 1));
    struct plan *plan = plans.lookup(&key);
    u64 from = h->args[1];
    if (!plan || call >= SOCKETCALLS || !plan->args) return 0;
    #pragma unroll
    for (int i = 0; i < 6; i++)
        if (i < plan->args && bpf_probe_read_user(&args[i], 4, (void *)(from + 4 * i))) return 0;
    h->args[0] = (u64)call << 32 | args[0];
    h->args[1] = args[1];
    h->args[2] = args[2];
    h->args[3] = args[3];
    h->args[4] = args[4];
    h->args[5] = args[5];
    h->flags |= F_UNPACKED;
    return plan;
}

/* Payload of a 32-bit program's call. */
static __always_inline void copy_narrow_payload(struct target *t, struct plan *plan, u64 socket)
{
    struct head *h = t->head;
    int first = 0;
    u8 kind = plan->data_kind ? plan->data_kind : plan->narrow;
    struct control *control = controls.lookup(&first);
    if (!SNAPLEN || !kind || h->ret < 0) return;
    u64 data = (u32)argument(h, plan->data), size = kind == DATA_PAIR ? 8 : h->ret;
    if (!data || !size) return;
    t->most = payload_limit(h, plan, data, socket);
    if (!t->segment || (control && control->level != ALL_IS_KEPT && kind != DATA_PAIR)) {
        h->flags |= F_DATA_TRUNCATED;
        count_lost(NO_PAYLOAD, plan->category);
    } else if (kind >= DATA_MMSG_IN) copy_messages(t, data, size, true);
    else if (plan->narrow) copy_message(t, kind, data, h->args[2], size, true);
    else copy_payload(t, data, size);
}

static __always_inline void look_behind(struct head *h, struct position *p, struct slot *slot, int cpu)
{
    struct plan *plan = plan_of(h->code, h->flags & (F_COMPAT | F_X32)), *inner = 0;
    u64 socket = 0;
    if (!plan) return;
    if (plan->structure == OF_SOCKETCALL) {
        inner = unpack_socketcall(h, slot);
        if (!inner) {
            h->flags |= F_UNREADABLE;
            return;
        }
        plan = inner;
        h->fd = descriptor(h, plan);
    }
    socket = identify_fd(TASK(), h->fd, &slot->thing);
    put_thing(h, &slot->thing);
    /* What the call's own program has copied is copied again, behind the structure. */
    h->flags &= ~(F_SOCKET | F_TEXT_TRUNCATED | F_DATA_TRUNCATED | F_UNREADABLE);
    h->text_len = h->text2_len = 0;
    h->data_len = h->addr_len = 0;
    p->bytes = h->at;
    struct target t = {h, p, bytes_room(p, cpu, plan->life)};
    h->at = p->bytes;
    copy_socket(&t, socket);
    if (plan->addr_kind) follow_address(&t, plan);
    copy_structure(&t, plan);
    if (plan->structure >= OF_MOUNT && plan->structure <= OF_MESSAGE) copy_content(&t, plan);
    else copy_narrow_payload(&t, plan, socket);
}

/* After the record of a call whose plan says so. */
int structures(struct bpf_raw_tracepoint_args *ctx)
{
    u64 id = bpf_get_current_pid_tgid();
    int cpu = bpf_get_smp_processor_id(), at = (u32)id & (SLOTS - 1);
    struct slot *slot = slots.lookup(&at);
    struct position *p = positions.lookup(&cpu);
    if (!slot || !p) return 0;
    struct head *h = next_head(p, cpu);
    if (!h) return 0;
    look_behind(h, p, slot, cpu);
    int more = finish_call(h, p, cpu);
    if (more == PRIVILEGES) tails.call(ctx, TAIL_CREDENTIALS_AFTER);
    if (more == OPENED) tails.call(ctx, TAIL_OPENED_PATH);
    return 0;
}
