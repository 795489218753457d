"""Calls of 32-bit programs that 64-bit ones do not have, and what the shared ones take there.

A number of 64 bits takes two registers of such a program: an offset's low half, then its high one. Ids of
16 bits, times of 32 bits and file sizes of 32 bits came first and kept their names, so that the calls of today
are the ones with a number in theirs (chown32, stat64, futex_time64).
"""

# ruff: noqa: E501 - one row a line, however long

I386_CALLS = """
# Files: sizes of 64 bits, user ids of 32
-    -    18   oldstat             file      zero   path statbuf:pointer
-    -    28   oldfstat            file      zero   fd statbuf:pointer
-    -    84   oldlstat            file      zero   path statbuf:pointer
-    -    195  stat64              file      zero   path statbuf:pointer
-    -    196  lstat64             file      zero   path statbuf:pointer
-    -    197  fstat64             file      zero   fd statbuf:pointer
-    -    300  fstatat64           file      zero   dirfd path statbuf:pointer flags:flags=at_flags
-    -    268  statfs64            file      zero   path size buf:pointer
-    -    269  fstatfs64           file      zero   fd size buf:pointer
-    -    193  truncate64          file      zero   path length:offset_low offset_high
-    -    194  ftruncate64         file      zero   fd length:offset_low offset_high
-    -    212  chown32             file      zero   path uid gid
-    -    207  fchown32            file      zero   fd uid gid
-    -    198  lchown32            file      zero   path uid gid
-    -    412  utimensat_time64    file      zero   dirfd path times:pointer flags:flags=at_flags
-    -    140  _llseek             file      zero   fd offset_high offset:offset_low result:pointer whence:enum=whence
-    -    89   readdir             file      int    fd dirp:pointer count:uint
-    -    22   umount              file      zero   target:path
-    -    221  fcntl64             io-other  int=fcntl_result fd cmd:enum=fcntl_cmd arg:hex=fcntl_arg
-    -    239  sendfile64          io-write  size   out_fd:fd in_fd:fd offset:pointer count:size
-    -    272  fadvise64_64        io-other  zero   fd offset:offset_low offset_high len:offset_low offset_high advice:enum=fadvise
-    -    142  _newselect          wait      int    nfds:int readfds:pointer writefds:pointer exceptfds:pointer timeout:pointer
-    -    413  pselect6_time64     wait      int    nfds:int readfds:pointer writefds:pointer exceptfds:pointer timeout:pointer sigmask:pointer
-    -    414  ppoll_time64        wait      int    fds:pointer nfds:uint timeout:pointer sigmask:pointer sigsetsize:size
-    -    416  io_pgetevents_time64 io-other int    ctx_id:hex min_nr:long nr:long events:pointer timeout:pointer usig:pointer

# Sockets and System V objects, each through one call
-    -    102  socketcall          net       int    call:enum=socketcall args:pointer
-    -    -    send                io-write  size   fd buf:buffer_in len:size flags:flags=msg_flags # only inside socketcall
-    -    -    recv                io-read   size   fd buf:buffer_out len:size flags:flags=msg_flags # only inside socketcall
-    -    117  ipc                 ipc       int    call:flags=ipc_call first:hex second:hex third:hex ptr:pointer fifth:hex
-    -    417  recvmmsg_time64     io-read   int    fd msgvec:mmsghdr_out vlen:uint flags:flags=msg_flags timeout:pointer
-    -    418  mq_timedsend_time64 ipc       zero   mqdes:fd msg_ptr:buffer_in msg_len:size msg_prio:uint abs_timeout:pointer
-    -    419  mq_timedreceive_time64 ipc    size   mqdes:fd msg_ptr:buffer_out msg_len:size msg_prio:pointer abs_timeout:pointer
-    -    420  semtimedop_time64   ipc       zero   semid:int sops:pointer nsops:uint timeout:pointer
-    -    422  futex_time64        ipc       int    uaddr:pointer op:flags=futex_op val:uint timeout:pointer uaddr2:pointer val3:hex

# Memory and processes
-    -    192  mmap2               memory    address  addr:pointer length:size prot:flags=mmap_prot flags:flags=mmap_flags fd pgoffset:uint
-    -    7    waitpid             wait      pid    pid wstatus:pointer options:flags=wait_options
-    -    34   nice                process   int    inc:int
-    -    191  ugetrlimit          process   zero   resource:enum=rlimit_resource rlim:pointer
-    -    423  sched_rr_get_interval_time64 process zero pid tp:pointer
-    -    113  vm86old             process   int    info:pointer
-    -    166  vm86                process   int    fn:uint info:pointer

# Users and groups by ids of 32 bits
-    -    199  getuid32            user      int
-    -    201  geteuid32           user      int
-    -    200  getgid32            user      int
-    -    202  getegid32           user      int
-    -    213  setuid32            user      zero   uid
-    -    214  setgid32            user      zero   gid
-    -    203  setreuid32          user      zero   ruid:uid euid:uid
-    -    204  setregid32          user      zero   rgid:gid egid:gid
-    -    208  setresuid32         user      zero   ruid:uid euid:uid suid:uid
-    -    209  getresuid32         user      zero   ruid:pointer euid:pointer suid:pointer
-    -    210  setresgid32         user      zero   rgid:gid egid:gid sgid:gid
-    -    211  getresgid32         user      zero   rgid:pointer egid:pointer sgid:pointer
-    -    215  setfsuid32          user      int    fsuid:uid
-    -    216  setfsgid32          user      int    fsgid:gid
-    -    205  getgroups32         user      int    size:int list:pointer
-    -    206  setgroups32         user      zero   size:int list:struct=groups

# Signals by masks of 32 bits
-    -    48   signal              signal    address  sig:signal handler:pointer
-    -    67   sigaction           signal    zero   sig:signal act:pointer oldact:pointer
-    -    126  sigprocmask         signal    zero   how:enum=sigprocmask_how set:pointer oldset:pointer
-    -    73   sigpending          signal    zero   set:pointer
-    -    72   sigsuspend          signal    zero   unused1:hex unused2:hex mask:hex
-    -    119  sigreturn           signal    int
-    -    68   sgetmask            signal    int
-    -    69   ssetmask            signal    int    newmask:hex
-    -    421  rt_sigtimedwait_time64 signal int=signal set:pointer info:pointer timeout:pointer sigsetsize:size

# Times of 64 bits
-    -    25   stime               time      zero   tptr:pointer
-    -    403  clock_gettime64     time      zero   clockid:enum=clock_id tp:pointer
-    -    404  clock_settime64     time      zero   clockid:enum=clock_id tp:pointer
-    -    405  clock_adjtime64     time      int=clock_state clockid:enum=clock_id buf:pointer
-    -    406  clock_getres_time64 time      zero   clockid:enum=clock_id res:pointer
-    -    407  clock_nanosleep_time64 sleep  zero   clockid:enum=clock_id flags:flags=timer_flags request:pointer remain:pointer
-    -    408  timer_gettime64     time      zero   timerid:int curr_value:pointer
-    -    409  timer_settime64     time      zero   timerid:int flags:flags=timer_flags new_value:pointer old_value:pointer
-    -    410  timerfd_gettime64   time      zero   fd curr_value:pointer
-    -    411  timerfd_settime64   time      zero   fd flags:flags=timerfd_settime_flags new_value:pointer old_value:pointer

# The machine
-    -    59   oldolduname         system    zero   buf:pointer
-    -    109  olduname            system    zero   buf:pointer
-    -    134  bdflush             system    int    func:int data:hex

# Gone from the kernel, or never there; a program may still try them
-    -    17   break               other     int
-    -    31   stty                other     int
-    -    32   gtty                other     int
-    -    35   ftime               other     int
-    -    44   prof                other     int
-    -    53   lock                other     int
-    -    56   mpx                 other     int
-    -    58   ulimit              other     int
-    -    98   profil              other     int
-    -    112  idle                other     int
"""

I386_VARIANTS = """
setgroups        size:int list:struct=groups_16
clone            flags:flags=clone_flags stack:pointer parent_tid:pointer tls:pointer child_tid:pointer
select           args:pointer # all five in memory
mmap             args:pointer # all six in memory
pread64          fd buf:buffer_out count:size offset:offset_low offset_high
pwrite64         fd buf:buffer_in count:size offset:offset_low offset_high
preadv           fd iov:iovec_out iovcnt:ulong offset:offset_low offset_high
pwritev          fd iov:iovec_in iovcnt:ulong offset:offset_low offset_high
preadv2          fd iov:iovec_out iovcnt:ulong offset:offset_low offset_high flags:flags=rwf_flags
pwritev2         fd iov:iovec_in iovcnt:ulong offset:offset_low offset_high flags:flags=rwf_flags
readahead        fd offset:offset_low offset_high count:size
fadvise64        fd offset:offset_low offset_high len:size advice:enum=fadvise
sync_file_range  fd offset:offset_low offset_high nbytes:offset_low offset_high flags:flags=sync_file_range_flags
fallocate        fd mode:flags=fallocate_mode offset:offset_low offset_high length:offset_low offset_high
fanotify_mark    fd flags:flags=fanotify_mark_flags mask:flags=fanotify_mask mask_high:hex dirfd path
lookup_dcookie   cookie:offset_low offset_high buf:buffer_out len:size
"""

X32_NUMBERS = """
rt_sigaction=512 rt_sigreturn=513 ioctl=514 readv=515 writev=516 recvfrom=517 sendmsg=518 recvmsg=519 execve=520
ptrace=521 rt_sigpending=522 rt_sigtimedwait=523 rt_sigqueueinfo=524 sigaltstack=525 timer_create=526
mq_notify=527 kexec_load=528 waitid=529 set_robust_list=530 get_robust_list=531 vmsplice=532 move_pages=533
preadv=534 pwritev=535 rt_tgsigqueueinfo=536 recvmmsg=537 sendmmsg=538 process_vm_readv=539
process_vm_writev=540 setsockopt=541 getsockopt=542 io_setup=543 io_submit=544 execveat=545 preadv2=546
pwritev2=547
"""
"""The calls that x32 numbers by itself."""

X32_LACKS = frozenset(
    (
        *("uselib", "_sysctl", "create_module", "get_kernel_syms", "query_module", "nfsservctl"),
        *("set_thread_area", "get_thread_area", "epoll_ctl_old", "epoll_wait_old", "vserver"),
        *("uretprobe", "uprobe", "map_shadow_stack"),
    )
)
"""Calls of x86_64 that x32 does not have."""

X32_VARIANTS = """
preadv           fd iov:iovec_out iovcnt:ulong offset
pwritev          fd iov:iovec_in iovcnt:ulong offset
preadv2          fd iov:iovec_out iovcnt:ulong offset flags:flags=rwf_flags
pwritev2         fd iov:iovec_in iovcnt:ulong offset flags:flags=rwf_flags
"""

SOCKETCALLS = {
    **{1: "socket", 2: "bind", 3: "connect", 4: "listen", 5: "accept", 6: "getsockname", 7: "getpeername"},
    **{8: "socketpair", 9: "send", 10: "recv", 11: "sendto", 12: "recvfrom", 13: "shutdown"},
    **{14: "setsockopt", 15: "getsockopt", 16: "sendmsg", 17: "recvmsg", 18: "accept4"},
    **{19: "recvmmsg", 20: "sendmmsg"},
}
"""What the first argument of socketcall asks for (<linux/net.h>)."""

IPC_CALLS_OF_I386 = {
    **{1: "semop", 2: "semget", 3: "semctl", 4: "semtimedop", 11: "msgsnd", 12: "msgrcv", 13: "msgget"},
    **{14: "msgctl", 21: "shmat", 22: "shmdt", 23: "shmget", 24: "shmctl"},
}
"""What the low 16 bits of the first argument of ipc ask for (<linux/ipc.h>)."""

MULTIPLEXED_ARGUMENTS = """
socketcall       call:enum=socketcall args:pointer
ipc              call:flags=ipc_call first:hex second:hex third:hex ptr:pointer fifth:hex
"""
