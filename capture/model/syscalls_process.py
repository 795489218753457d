"""Calls on processes and threads: birth, death, ids, signals, scheduling, limits, confinement."""

# ruff: noqa: E501 - one row a line, however long

PROCESS_CALLS = """
# Birth and death
57   -    2    fork                process   pid
58   -    190  vfork               process   pid
56   220  120  clone               process   pid    flags:flags=clone_flags stack:pointer parent_tid:pointer child_tid:pointer tls:pointer
435  435  435  clone3              process   pid    cl_args:struct=clone_args size
59   221  11   execve              process   zero   path argv envp:pointer
322  281  358  execveat            process   zero   dirfd path argv envp:pointer flags:flags=execveat_flags
60   93   1    exit                process   nothing  status:int
231  94   252  exit_group          process   nothing  status:int
61   260  114  wait4               wait      pid    pid wstatus:pointer options:flags=wait_options rusage:pointer
247  95   284  waitid              wait      zero   idtype:enum=wait_id_type id:pid infop:pointer options:flags=wait_options rusage:pointer

# Who it is
39   172  20   getpid              process   pid
110  173  64   getppid             process   pid
186  178  224  gettid              process   pid
111  -    65   getpgrp             process   pid
121  155  132  getpgid             process   pid    pid
109  154  57   setpgid             process   zero   pid pgid:pid
124  156  147  getsid              process   pid    pid
112  157  66   setsid              process   pid
218  96   258  set_tid_address     process   pid    tidptr:pointer
434  434  434  pidfd_open          process   fd     pid flags:flags=pidfd_open_flags
438  438  438  pidfd_getfd         process   fd     pidfd:fd targetfd:int flags:uint
312  272  349  kcmp                process   int    pid1:pid pid2:pid type:enum=kcmp_type idx1:ulong idx2:ulong

# Tracing, confinement, namespaces
101  117  26   ptrace              process   int    request:enum=ptrace_request pid addr:pointer=ptrace_addr data:hex=ptrace_data
157  167  172  prctl               process   int=prctl_result option:enum=prctl_option arg2:hex=prctl_arg arg3:hex=prctl_arg3 arg4:hex arg5:hex
158  -    384  arch_prctl          process   int    option:enum=arch_prctl_option addr:hex=arch_prctl_arg
135  92   136  personality         process   int=personality    persona:flags=personality
272  97   310  unshare             process   zero   flags:flags=namespace_flags
308  268  346  setns               process   zero   fd nstype:flags=namespace_flags
317  277  354  seccomp             process   int    operation:enum=seccomp_op flags:flags=seccomp_flags args:pointer
125  90   184  capget              process   zero   hdrp:struct=cap_header datap:struct=cap_data
126  91   185  capset              process   zero   hdrp:struct=cap_header datap:struct=cap_data
444  444  444  landlock_create_ruleset process fd   attr:struct=landlock_ruleset size flags:flags=landlock_create_flags
445  445  445  landlock_add_rule   process   zero   ruleset_fd:fd rule_type:enum=landlock_rule_type rule_attr:struct=landlock_rule flags:uint
446  446  446  landlock_restrict_self process zero  ruleset_fd:fd flags:flags=landlock_restrict_flags
459  459  459  lsm_get_self_attr   process   int    attr:enum=lsm_attr ctx:pointer size:pointer flags:flags=lsm_flags
460  460  460  lsm_set_self_attr   process   zero   attr:enum=lsm_attr ctx:pointer size flags:uint
461  461  461  lsm_list_modules    process   int    ids:pointer size:pointer flags:uint

# Users and groups
102  174  24   getuid              user      int
107  175  49   geteuid             user      int
104  176  47   getgid              user      int
108  177  50   getegid             user      int
105  146  23   setuid              user      zero   uid
106  144  46   setgid              user      zero   gid
113  145  70   setreuid            user      zero   ruid:uid euid:uid
114  143  71   setregid            user      zero   rgid:gid egid:gid
117  147  164  setresuid           user      zero   ruid:uid euid:uid suid:uid
118  148  165  getresuid           user      zero   ruid:pointer euid:pointer suid:pointer
119  149  170  setresgid           user      zero   rgid:gid egid:gid sgid:gid
120  150  171  getresgid           user      zero   rgid:pointer egid:pointer sgid:pointer
122  151  138  setfsuid            user      int    fsuid:uid
123  152  139  setfsgid            user      int    fsgid:gid
115  158  80   getgroups           user      int    size:int list:pointer
116  159  81   setgroups           user      zero   size:int list:struct=groups

# Signals
62   129  37   kill                signal    zero   pid sig:signal
200  130  238  tkill               signal    zero   tid:pid sig:signal
234  131  270  tgkill              signal    zero   tgid:pid tid:pid sig:signal
424  424  424  pidfd_send_signal   signal    zero   pidfd:fd sig:signal info:pointer flags:flags=pidfd_signal_flags
13   134  174  rt_sigaction        signal    zero   sig:signal act:pointer oldact:pointer sigsetsize:size
14   135  175  rt_sigprocmask      signal    zero   how:enum=sigprocmask_how set:pointer oldset:pointer sigsetsize:size
15   139  173  rt_sigreturn        signal    int
127  136  176  rt_sigpending       signal    zero   set:pointer sigsetsize:size
128  137  177  rt_sigtimedwait     signal    int=signal    set:pointer info:pointer timeout:pointer sigsetsize:size
129  138  178  rt_sigqueueinfo     signal    zero   tgid:pid sig:signal info:pointer
297  240  335  rt_tgsigqueueinfo   signal    zero   tgid:pid tid:pid sig:signal info:pointer
130  133  179  rt_sigsuspend       signal    zero   mask:pointer sigsetsize:size
131  132  186  sigaltstack         signal    zero   ss:pointer old_ss:pointer
34   -    29   pause               sleep     zero

# Scheduling
24   124  158  sched_yield         process   zero
142  118  154  sched_setparam      process   zero   pid param:struct=sched_param
143  121  155  sched_getparam      process   zero   pid param:pointer
144  119  156  sched_setscheduler  process   zero   pid policy:flags=sched_policy param:struct=sched_param
145  120  157  sched_getscheduler  process   int=sched_policy    pid
146  125  159  sched_get_priority_max process int   policy:enum=sched_class
147  126  160  sched_get_priority_min process int   policy:enum=sched_class
148  127  161  sched_rr_get_interval process zero   pid tp:pointer
203  122  241  sched_setaffinity   process   zero   pid cpusetsize:size mask:struct=cpu_set
204  123  242  sched_getaffinity   process   int    pid cpusetsize:size mask:pointer
314  274  351  sched_setattr       process   zero   pid attr:struct=sched_attr flags:uint
315  275  352  sched_getattr       process   zero   pid attr:pointer size flags:uint
140  141  96   getpriority         process   int    which:enum=priority_which who:int
141  140  97   setpriority         process   zero   which:enum=priority_which who:int prio:int
251  30   289  ioprio_set          process   zero   which:enum=ioprio_which who:int ioprio:flags=ioprio
252  31   290  ioprio_get          process   int=ioprio which:enum=ioprio_which who:int
309  168  318  getcpu              process   zero   cpu:pointer node:pointer tcache:pointer
324  283  375  membarrier          process   int    cmd:enum=membarrier_cmd flags:flags=membarrier_flags cpu_id:int
334  293  386  rseq                process   zero   rseq:pointer rseq_len:uint flags:flags=rseq_flags sig:hex
471  471  471  rseq_slice_yield    process   int

# Limits and use
97   163  76   getrlimit           process   zero   resource:enum=rlimit_resource rlim:pointer
160  164  75   setrlimit           process   zero   resource:enum=rlimit_resource rlim:struct=rlimit
302  261  340  prlimit64           process   zero   pid resource:enum=rlimit_resource new_limit:struct=rlimit64 old_limit:pointer
98   165  77   getrusage           process   zero   who:enum=rusage_who usage:pointer

# Parts of the x86 machine state
154  -    123  modify_ldt          process   int    func:int ptr:pointer bytecount:size
205  -    243  set_thread_area     process   zero   u_info:pointer
211  -    244  get_thread_area     process   zero   u_info:pointer
335  -    -    uretprobe           process   int    # only from the kernel's own trampoline
336  -    -    uprobe              process   int    # only from the kernel's own trampoline
"""
