"""The kinds of events that a .scap file holds, and what becomes of their parameters: rows of text.

Facts: numbers, names and order of parameters are those of falcosecurity/libs (`driver/event_table.c`,
`driver/ppm_events_public.h`); parameters that later versions appended stand at the end of each list, so that
a file of any age has a first part of it.

    row    ::=  number  class  name  enter "|" exit
    class  ::=  "c" a system call | "t" something that happened, with no end | "m" told by the recorder
    enter, exit  ::=  parameter*
    parameter    ::=  name ":" type ("=" role ("," role)*)? | "@" list
    type   ::=  "s" signed | "u" unsigned number of 1, 2, 4 or 8 bytes | "t" text | "b" bytes | "a" address |
                "c" both ends of a connection | "x" anything else
    role   ::=  "a0" … "a5" | "ret" | … with "~" and a table of `numbers` where scap has numbers of its own

The number is that of the enter event; the exit event's is one more. `name` is the one of our catalogue. A
parameter without a role says nothing that an event of ours could hold.
"""

# ruff: noqa: E501 - one row a line, however long

LISTS = {
    "program": "res:s=ret exe:t=exe args:b=args tid:s=tid pid:s=pid ptid:s=ptid cwd:t fdlimit:u",
    "memory": "pgft_maj:u pgft_min:u vm_size:u vm_rss:u vm_swap:u",
    "made": "flags:u=made uid:u=uid gid:u",
    "cloned": "flags:u=made,a0~clone uid:u=uid gid:u",
    "inner": "vtid:s=vtid vpid:s pidns_init_start_ts:u",
    "begun": "comm:t=comm cgroups:b=cgroups env:b=env",
    "file": "cap_inheritable:u cap_permitted:u cap_effective:u exe_ino:u=exe_ino exe_ino_ctime:u=exe_ctime exe_ino_mtime:u=exe_mtime uid:u=uid trusted_exepath:t=exepath pgid:s gid:u",
}
"""Parameters that stand in several rows."""

KIND_ROWS = """
0    c  ?                 ID:u=id nativeID:u=native | ID:u=id nativeID:u=native
2    c  open              name:t=text flags:u=a1~open mode:u=a2 | fd:s=ret name:t=text flags:u=a1~open mode:u=a2 dev:u=dev ino:u=ino
4    c  close             fd:s=a0 | res:s=ret fd:s=a0
6    c  read              fd:s=a0 size:u=a2 | res:s=ret data:b=data fd:s=a0 size:u=a2
8    c  write             fd:s=a0 size:u=a2 | res:s=ret data:b=data fd:s=a0 size:u=a2
10   c  brk               size:u | res:u=ret
12   c  execve            | @program
14   c  clone             | @program @cloned
16   t  procexit          |
18   c  socket            domain:u=a0 type:u=a1 proto:u=a2 | fd:s=ret domain:u=a0 type:u=a1 proto:u=a2
20   c  bind              fd:s=a0 | res:s=ret addr:a=bound fd:s=a0
22   c  connect           fd:s=a0 addr:a=peer | res:s=ret tuple:c=tuple fd:s=a0 addr:a=peer
24   c  listen            fd:s=a0 backlog:s=a1 | res:s=ret fd:s=a0 backlog:s=a1
26   c  accept            | fd:s=ret tuple:c=inbound queuepct:u queuelen:u queuemax:u
28   c  sendto            fd:s=a0 size:u=a2 | res:s=ret data:b=data fd:s=a0 size:u=a2 tuple:c=tuple
30   c  sendto            fd:s=a0 size:u=a2 tuple:c=tuple | res:s=ret data:b=data fd:s=a0 size:u=a2 tuple:c=tuple
32   c  recvfrom          fd:s=a0 size:u=a2 | res:s=ret data:b=data fd:s=a0 size:u=a2 tuple:c=inbound
34   c  recvfrom          fd:s=a0 size:u=a2 | res:s=ret data:b=data tuple:c=inbound fd:s=a0 size:u=a2
36   c  shutdown          fd:s=a0 how:u=a1 | res:s=ret fd:s=a0 how:u=a1
38   c  getsockname       |
40   c  getpeername       |
42   c  socketpair        domain:u=a0 type:u=a1 proto:u=a2 | res:s=ret fd1:s=pair1 fd2:s=pair2 source:u peer:u domain:u=a0 type:u=a1 proto:u=a2
44   c  setsockopt        | res:s=ret fd:s=a0 level:u=a1~level optname:u=a2 val:x optlen:u=a4
46   c  getsockopt        | res:s=ret fd:s=a0 level:u=a1~level optname:u=a2 val:x optlen:u
48   c  sendmsg           fd:s=a0 size:u tuple:c=tuple | res:s=ret data:b=data fd:s=a0 size:u tuple:c=tuple
50   c  sendmmsg          | res:s=ret fd:s=a0 size:u data:b=data tuple:c=tuple
52   c  recvmsg           fd:s=a0 | res:s=ret size:u data:b=data tuple:c=inbound msgcontrol:b fd:s=a0
54   c  recvmmsg          | res:s=ret fd:s=a0 size:u data:b=data tuple:c=inbound msgcontrol:b
56   c  accept4           flags:u=a3 | fd:s=ret tuple:c=inbound queuepct:u
58   c  creat             name:t=text mode:u=a1 | fd:s=ret name:t=text mode:u=a1 dev:u=dev ino:u=ino creat_flags:u
60   c  pipe              | res:s=ret fd1:s=pair1 fd2:s=pair2 ino:u=ino
62   c  eventfd           initval:u=a0 flags:u | res:s=ret initval:u=a0 flags:u
64   c  futex             addr:u=a0 op:u=a1 val:u=a2 | res:s=ret addr:u=a0 op:u=a1 val:u=a2
66   c  stat              | res:s=ret path:t=text
68   c  lstat             | res:s=ret path:t=text
70   c  fstat             fd:s=a0 | res:s=ret fd:s=a0
72   c  stat64            | res:s=ret path:t=text
74   c  lstat64           | res:s=ret path:t=text
76   c  fstat64           fd:s=a0 | res:s=ret fd:s=a0
78   c  epoll_wait        maxevents:s=a2 | res:s=ret maxevents:s=a2
80   c  poll              fds:x timeout:s=a2 | res:s=ret fds:x timeout:s=a2
82   c  select            | res:s=ret
84   c  select            | res:s=ret
86   c  lseek             fd:s=a0 offset:u=a1 whence:u=a2 | res:s=ret fd:s=a0 offset:u=a1 whence:u=a2
88   c  lseek             fd:s=a0 offset:u=a1 whence:u=a2 | res:s=ret fd:s=a0 offset:u=a1 whence:u=a2
90   c  ioctl             fd:s=a0 request:u=a1 | res:s=ret
92   c  getcwd            | res:s=ret path:t=data
94   c  chdir             | res:s=ret path:t=text
96   c  fchdir            fd:s=a0 | res:s=ret fd:s=a0
98   c  mkdir             path:t=text mode:u=a1 | res:s=ret
100  c  rmdir             path:t=text | res:s=ret
102  c  openat            dirfd:s=a0 name:t=text flags:u=a2~open mode:u=a3 | fd:s=ret
104  c  link              oldpath:t=text newpath:t=text2 | res:s=ret
106  c  linkat            olddir:s=a0 oldpath:t=text newdir:s=a2 newpath:t=text2 | res:s=ret
108  c  unlink            path:t=text | res:s=ret
110  c  unlinkat          dirfd:s=a0 name:t=text | res:s=ret
112  c  pread64           fd:s=a0 size:u=a2 pos:u=a3 | res:s=ret data:b=data fd:s=a0 size:u=a2 pos:u=a3
114  c  pwrite64          fd:s=a0 size:u=a2 pos:u=a3 | res:s=ret data:b=data fd:s=a0 size:u=a2 pos:u=a3
116  c  readv             fd:s=a0 | res:s=ret size:u data:b=data fd:s=a0
118  c  writev            fd:s=a0 size:u | res:s=ret data:b=data fd:s=a0 size:u
120  c  preadv            fd:s=a0 pos:u=a3 | res:s=ret size:u data:b=data fd:s=a0 pos:u=a3
122  c  pwritev           fd:s=a0 size:u pos:u=a3 | res:s=ret data:b=data fd:s=a0 size:u pos:u=a3
124  c  dup               fd:s=a0 | res:s=ret
126  c  signalfd          fd:s=a0 mask:u flags:u | res:s=ret fd:s=a0 mask:u flags:u
128  c  kill              pid:s=a0 sig:u=a1 | res:s=ret pid:s=a0 sig:u=a1
130  c  tkill             tid:s=a0 sig:u=a1 | res:s=ret tid:s=a0 sig:u=a1
132  c  tgkill            pid:s=a0 tid:s=a1 sig:u=a2 | res:s=ret pid:s=a0 tid:s=a1 sig:u=a2
134  c  nanosleep         interval:u | res:s=ret interval:u
136  c  timerfd_create    clockid:u=a0 flags:u=a1 | res:s=ret clockid:u=a0 flags:u=a1
138  c  inotify_init      flags:u | res:s=ret flags:u
140  c  getrlimit         resource:u=a0 | res:s=ret cur:s max:s resource:u=a0
142  c  setrlimit         resource:u=a0 | res:s=ret cur:s max:s resource:u=a0
144  c  prlimit64         pid:s=a0 resource:u=a1 | res:s=ret newcur:s newmax:s oldcur:s oldmax:s pid:s=a0 resource:u=a1
146  t  switch            next:s=a0 |
148  m  drop              ratio:u=a0 | ratio:u=a0
150  c  fcntl             fd:s=a0 cmd:u=a1~fcntl | res:s=ret fd:s=a0 cmd:u=a1~fcntl
152  t  switch            next:s=a0 pgft_maj:u=a1 pgft_min:u=a2 vm_size:u=a3 vm_rss:u=a4 vm_swap:u=a5 |
154  c  execve            | @program @memory
156  c  clone             | @program @memory @cloned
158  c  brk               addr:u=a0 | res:u=ret vm_size:u vm_rss:u vm_swap:u addr:u=a0
160  c  mmap              addr:u=a0 length:u=a1 prot:u=a2~prot flags:u=a3~mmap fd:s=a4 offset:u=a5 | res:u=ret vm_size:u vm_rss:u vm_swap:u addr:u=a0 length:u=a1 prot:u=a2~prot flags:u=a3~mmap fd:s=a4 offset:u=a5
162  c  mmap2             addr:u=a0 length:u=a1 prot:u=a2~prot flags:u=a3~mmap fd:s=a4 pgoffset:u=a5 | res:u=ret vm_size:u vm_rss:u vm_swap:u addr:u=a0 length:u=a1 prot:u=a2~prot flags:u=a3~mmap fd:s=a4 pgoffset:u=a5
164  c  munmap            addr:u=a0 length:u=a1 | res:s=ret vm_size:u vm_rss:u vm_swap:u addr:u=a0 length:u=a1
166  c  splice            fd_in:s=a0 fd_out:s=a2 size:u=a4 flags:u=a5 | res:s=ret fd_in:s=a0 fd_out:s=a2 size:u=a4 flags:u=a5
168  c  ptrace            request:u=a0~ptrace pid:s=a1 | res:s=ret addr:x data:x request:u=a0~ptrace pid:s=a1
170  c  ioctl             fd:s=a0 request:u=a1 argument:u=a2 | res:s=ret fd:s=a0 request:u=a1 argument:u=a2
172  c  execve            | @program @memory env:b=env
174  c  rename            | res:s=ret oldpath:t=text newpath:t=text2
176  c  renameat          | res:s=ret olddirfd:s=a0 oldpath:t=text newdirfd:s=a2 newpath:t=text2
178  c  symlink           | res:s=ret target:t=text linkpath:t=text2
180  c  symlinkat         | res:s=ret target:t=text linkdirfd:s=a1 linkpath:t=text2
182  c  fork              | @program @memory @made
184  c  vfork             | @program @memory @made
186  t  procexit          status:s=a0 ret:s=ret sig:u core:u reaper_tid:s |
188  c  sendfile          out_fd:s=a0 in_fd:s=a1 offset:u size:u=a3 | res:s=ret offset:u out_fd:s=a0 in_fd:s=a1 size:u=a3
190  c  quotactl          cmd:u type:u id:u=a2 quota_fmt:u | res:s=ret special:t=text quotafilepath:t dqb_bhardlimit:u dqb_bsoftlimit:u dqb_curspace:u dqb_ihardlimit:u dqb_isoftlimit:u dqb_btime:u dqb_itime:u dqi_bgrace:u dqi_igrace:u dqi_flags:u quota_fmt_out:u cmd:u type:u id:u=a2 quota_fmt:u
192  c  setresuid         ruid:u=a0 euid:u=a1 suid:u=a2 | res:s=ret ruid:u=a0 euid:u=a1 suid:u=a2
194  c  setresgid         rgid:u=a0 egid:u=a1 sgid:u=a2 | res:s=ret rgid:u=a0 egid:u=a1 sgid:u=a2
196  m  scapevent         event_type:u=a0 event_data:u=a1 |
198  c  setuid            uid:u=a0 | res:s=ret uid:u=a0
200  c  setgid            gid:u=a0 | res:s=ret gid:u=a0
202  c  getuid            | uid:u=ret
204  c  geteuid           | euid:u=ret
206  c  getgid            | gid:u=ret
208  c  getegid           | egid:u=ret
210  c  getresuid         | res:s=ret ruid:u euid:u suid:u
212  c  getresgid         | res:s=ret rgid:u egid:u sgid:u
214  c  execve            | @program @memory comm:t=comm env:b=env
216  c  clone             | @program @memory comm:t=comm @cloned
218  c  fork              | @program @memory comm:t=comm @made
220  c  vfork             | @program @memory comm:t=comm @made
222  c  clone             | @program @memory comm:t=comm cgroups:b=cgroups @cloned @inner
224  c  fork              | @program @memory comm:t=comm cgroups:b=cgroups @made @inner
226  c  vfork             | @program @memory comm:t=comm cgroups:b=cgroups @made @inner
228  m  container         id:t=text type:u=a0 name:t=text2 image:t=data |
230  c  execve            | @program @memory @begun
232  t  signal_deliver    spid:s=a4 dpid:s sig:u=a0 |
234  m  procinfo          cpu_usr:u=a0 cpu_sys:u=a1 |
236  c  getdents          fd:s=a0 | res:s=ret fd:s=a0
238  c  getdents64        fd:s=a0 | res:s=ret fd:s=a0
240  c  setns             fd:s=a0 nstype:u=a1~clone | res:s=ret fd:s=a0 nstype:u=a1~clone
242  c  flock             fd:s=a0 operation:u=a1~flock | res:s=ret fd:s=a0 operation:u=a1~flock
244  m  cpu_hotplug       cpu:u=a0 action:u=a1 |
246  c  accept            | fd:s=ret tuple:c=inbound queuepct:u queuelen:u queuemax:u
248  c  accept4           flags:u=a3 | fd:s=ret tuple:c=inbound queuepct:u queuelen:u queuemax:u flags:u=a3
250  c  semop             semid:s=a0 | res:s=ret nsops:u=a2 sem_num_0:u sem_op_0:s sem_flg_0:u sem_num_1:u sem_op_1:s sem_flg_1:u semid:s=a0
252  c  semctl            semid:s=a0 semnum:s=a1 cmd:u val:s=a3 | res:s=ret semid:s=a0 semnum:s=a1 cmd:u val:s=a3
254  c  ppoll             fds:x timeout:u sigmask:u | res:s=ret fds:x timeout:u sigmask:u
256  c  mount             flags:u=a3 | res:s=ret dev:t=text dir:t=text2 type:t flags:u=a3
258  c  umount2           flags:u=a1 | res:s=ret name:t=text
260  m  k8s               json:t=data |
262  c  semget            key:s=a0 nsems:s=a1 semflg:u | res:s=ret key:s=a0 nsems:s=a1 semflg:u
264  c  access            mode:u=a1 | res:s=ret name:t=text mode:u=a1
266  c  chroot            | res:s=ret path:t=text
268  m  tracer            id:s=a0 tags:b=text args:b=text2 | id:s=a0 tags:b=text args:b=text2
270  m  mesos             json:t=data |
272  m  container         json:t=data |
274  c  setsid            | res:s=ret
276  c  mkdir             mode:u=a1 | res:s=ret path:t=text mode:u=a1
278  c  rmdir             | res:s=ret path:t=text
280  m  notification      id:t=text desc:t=text2 |
282  c  execve            | @program @memory @begun tty:u
284  c  unshare           flags:u=a0~clone | res:s=ret flags:u=a0~clone
286  m  infra             source:t=text name:t=text2 description:t=data scope:t |
288  c  execve            filename:t=text | @program @memory @begun tty:u
290  t  page_fault        addr:u=a0 ip:u=a1 error:u=a2 |
292  c  execve            filename:t=text | @program @memory @begun tty:u pgid:s loginuid:s flags:u=exe_flags @file
294  c  setpgid           pid:s=a0 pgid:s=a1 | res:s=ret pid:s=a0 pgid:s=a1
296  c  bpf               cmd:s=a0 | res_or_fd:s=ret
298  c  seccomp           op:u=a0 flags:u=a1 | res:s=ret op:u=a0 flags:u=a1
300  c  unlink            | res:s=ret path:t=text
302  c  unlinkat          | res:s=ret dirfd:s=a0 name:t=text flags:u=a2
304  c  mkdirat           | res:s=ret dirfd:s=a0 path:t=text mode:u=a2
306  c  openat            dirfd:s=a0 name:t=text flags:u=a2~open mode:u=a3 | fd:s=ret dirfd:s=a0 name:t=text flags:u=a2~open mode:u=a3 dev:u=dev ino:u=ino fullpath:t
308  c  link              | res:s=ret oldpath:t=text newpath:t=text2
310  c  linkat            | res:s=ret olddir:s=a0 oldpath:t=text newdir:s=a2 newpath:t=text2 flags:u=a4
312  c  fchmodat          | res:s=ret dirfd:s=a0 filename:t=text mode:u=a2
314  c  chmod             | res:s=ret filename:t=text mode:u=a1
316  c  fchmod            | res:s=ret fd:s=a0 mode:u=a1
318  c  renameat2         | res:s=ret olddirfd:s=a0 oldpath:t=text newdirfd:s=a2 newpath:t=text2 flags:u=a4
320  c  userfaultfd       | res:s=ret flags:u=a0~open
322  m  pluginevent       plugin_id:u=a0 event_data:b=data |
324  m  container         json:t=data |
326  c  openat2           dirfd:s=a0 name:t=text flags:u=openflags mode:u resolve:u | fd:s=ret dirfd:s=a0 name:t=text flags:u=openflags mode:u resolve:u dev:u=dev ino:u=ino fullpath:t
328  c  mprotect          addr:u=a0 length:u=a1 prot:u=a2~prot | res:s=ret addr:u=a0 length:u=a1 prot:u=a2~prot
330  c  execveat          dirfd:s=a0 pathname:t=text flags:u=a4~execveat | @program @memory @begun tty:u pgid:s loginuid:s flags:u=exe_flags @file
332  c  copy_file_range   fdin:s=a0 offin:u len:u=a4 | res:s=ret fdout:s=a2 offout:u fdin:s=a0 offin:u len:u=a4
334  c  clone3            | @program @memory comm:t=comm cgroups:b=cgroups @made @inner
336  c  open_by_handle_at | fd:s=ret mountfd:s=a0 flags:u=a2~open path:t dev:u=dev ino:u=ino
338  c  io_uring_setup    | res:s=ret entries:u=a0 sq_entries:u cq_entries:u flags:u sq_thread_cpu:u sq_thread_idle:u features:u
340  c  io_uring_enter    | res:s=ret fd:s=a0 to_submit:u=a1 min_complete:u=a2 flags:u=a3 sig:u
342  c  io_uring_register | res:s=ret fd:s=a0 opcode:u=a1 arg:u=a2 nr_args:u=a3
344  c  mlock             | res:s=ret addr:u=a0 len:u=a1
346  c  munlock           | res:s=ret addr:u=a0 len:u=a1
348  c  mlockall          | res:s=ret flags:u=a0
350  c  munlockall        | res:s=ret
352  c  capset            | res:s=ret cap_inheritable:u cap_permitted:u cap_effective:u
354  m  useradded         uid:u=a0 gid:u=a1 name:t=text home:t=text2 shell:t container_id:t=data |
356  m  userdeleted       uid:u=a0 gid:u=a1 name:t=text home:t=text2 shell:t container_id:t=data |
358  m  groupadded        gid:u=a0 name:t=text container_id:t=data |
360  m  groupdeleted      gid:u=a0 name:t=text container_id:t=data |
362  c  dup2              fd:s=a0 | res:s=ret oldfd:s=a0 newfd:s=a1
364  c  dup3              fd:s=a0 | res:s=ret oldfd:s=a0 newfd:s=a1 flags:u=a2~open
366  c  dup               fd:s=a0 | res:s=ret oldfd:s=a0
368  c  bpf               cmd:s=a0 | fd:s=ret cmd:s=a0
370  c  mlock2            | res:s=ret addr:u=a0 len:u=a1 flags:u=a2
372  c  fsconfig          | res:s=ret fd:s=a0 cmd:u=a1 key:t=text value_bytebuf:b value_charbuf:t aux:s=a4
374  c  epoll_create      size:s=a0 | res:s=ret size:s=a0
376  c  epoll_create1     flags:u=a0~epoll | res:s=ret flags:u=a0~epoll
378  c  chown             | res:s=ret path:t=text uid:u=a1 gid:u=a2
380  c  lchown            | res:s=ret path:t=text uid:u=a1 gid:u=a2
382  c  fchown            | res:s=ret fd:s=a0 uid:u=a1 gid:u=a2
384  c  fchownat          | res:s=ret dirfd:s=a0 pathname:t=text uid:u=a2 gid:u=a3 flags:u=a4
386  c  umount2           | res:s=ret name:t=text
388  c  accept4           flags:u=a3 | fd:s=ret tuple:c=inbound queuepct:u queuelen:u queuemax:u flags:u=a3
390  c  umount2           flags:u=a1 | res:s=ret name:t=text flags:u=a1
392  c  pipe2             | res:s=ret fd1:s=pair1 fd2:s=pair2 ino:u=ino flags:u=a1~open
394  c  inotify_init1     | res:s=ret flags:u=a0~open
396  c  eventfd2          initval:u=a0 | res:s=ret flags:u=a1~open initval:u=a0
398  c  signalfd4         fd:s=a0 mask:u | res:s=ret flags:u=a3~open fd:s=a0 mask:u
400  c  prctl             | res:s=ret option:u=a0 arg2_str:t=text arg2_int:s=a1
402  m  asyncevent        plugin_id:u=a0 name:t=text data:b=data |
404  c  memfd_create      | fd:s=ret name:t=text flags:u=a1
406  c  pidfd_getfd       | fd:s=ret pid_fd:s=a0 target_fd:s=a1 flags:u=a2
408  c  pidfd_open        | fd:s=ret pid:s=a0 flags:u=a1~pidfd
410  c  init_module       | res:s=ret img:b=data length:u=a1 uargs:t=text
412  c  finit_module      | res:s=ret fd:s=a0 uargs:t=text flags:u=a2
414  c  mknod             | res:s=ret path:t=text mode:u=a1 dev:u=a2
416  c  mknodat           | res:s=ret dirfd:s=a0 path:t=text mode:u=a2 dev:u=a3
418  c  newfstatat        | res:s=ret dirfd:s=a0 path:t=text flags:u=a3
420  c  process_vm_readv  | res:s=ret pid:s=a0 data:b=data
422  c  process_vm_writev | res:s=ret pid:s=a0 data:b=data
424  c  delete_module     | res:s=ret name:t=text flags:u=a1~delete
426  c  setreuid          | res:s=ret ruid:u=a0 euid:u=a1
428  c  setregid          | res:s=ret rgid:u=a0 egid:u=a1
"""
