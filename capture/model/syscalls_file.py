"""Calls on names and on what names lead to: opening, directories, links, attributes, mounts, watches."""

# ruff: noqa: E501 - one row a line, however long

FILE_CALLS = """
# Opening and closing
2    -    5    open                file      fd     path flags:flags=open_flags mode
85   -    8    creat               file      fd     path mode
257  56   295  openat              file      fd     dirfd path flags:flags=open_flags mode
437  437  437  openat2             file      fd     dirfd path how:struct=open_how size
303  264  341  name_to_handle_at   file      zero   dirfd path handle:pointer mount_id:pointer flags:flags=at_handle_flags
304  265  342  open_by_handle_at   file      fd     mount_fd:dirfd handle:pointer flags:flags=open_flags
3    57   6    close               io-other  zero   fd
436  436  436  close_range         io-other  zero   first:uint last:uint flags:flags=close_range_flags
134  -    86   uselib              file      zero   path

# Directories
80   49   12   chdir               file      zero   path
81   50   133  fchdir              file      zero   fd
161  51   61   chroot              process   zero   path
79   17   183  getcwd              file      size   buf:buffer_out size
78   -    141  getdents            file      size   fd dirp:buffer_out count:size
217  61   220  getdents64          file      size   fd dirp:buffer_out count:size
83   -    39   mkdir               file      zero   path mode
258  34   296  mkdirat             file      zero   dirfd path mode
84   -    40   rmdir               file      zero   path

# Names and links
82   -    38   rename              file      zero   oldpath:path newpath:path
264  38   302  renameat            file      zero   olddirfd:dirfd oldpath:path newdirfd:dirfd newpath:path
316  276  353  renameat2           file      zero   olddirfd:dirfd oldpath:path newdirfd:dirfd newpath:path flags:flags=rename_flags
86   -    9    link                file      zero   oldpath:path newpath:path
265  37   303  linkat              file      zero   olddirfd:dirfd oldpath:path newdirfd:dirfd newpath:path flags:flags=at_flags
88   -    83   symlink             file      zero   target:path linkpath:path
266  36   304  symlinkat           file      zero   target:path newdirfd:dirfd linkpath:path
89   -    85   readlink            file      size   path buf:buffer_out bufsiz:size
267  78   305  readlinkat          file      size   dirfd path buf:buffer_out bufsiz:size
87   -    10   unlink              file      zero   path
263  35   301  unlinkat            file      zero   dirfd path flags:flags=at_unlink_flags
133  -    14   mknod               file      zero   path mode dev:device
259  33   297  mknodat             file      zero   dirfd path mode dev:device

# What a file is
4    -    106  stat                file      zero   path statbuf:pointer
5    80   108  fstat               file      zero   fd statbuf:pointer
6    -    107  lstat               file      zero   path statbuf:pointer
262  79   -    newfstatat          file      zero   dirfd path statbuf:pointer flags:flags=at_flags
332  291  383  statx               file      zero   dirfd path flags:flags=at_flags mask:flags=statx_mask statxbuf:pointer
137  43   99   statfs              file      zero   path buf:pointer
138  44   100  fstatfs             file      zero   fd buf:pointer
136  -    62   ustat               file      zero   dev:device ubuf:pointer
139  -    135  sysfs               file      int    option:int arg1:hex arg2:hex
21   -    33   access              file      zero   path mode:flags=access_mode
269  48   307  faccessat           file      zero   dirfd path mode:flags=access_mode
439  439  439  faccessat2          file      zero   dirfd path mode:flags=access_mode flags:flags=at_access_flags
451  451  451  cachestat           file      zero   fd cstat_range:pointer cstat:pointer flags:uint
468  468  468  file_getattr        file      zero   dirfd path attr:pointer size at_flags:flags=at_flags
469  469  469  file_setattr        file      zero   dirfd path attr:pointer size at_flags:flags=at_flags

# Changing it
90   -    15   chmod               file      zero   path mode
91   52   94   fchmod              file      zero   fd mode
268  53   306  fchmodat            file      zero   dirfd path mode
452  452  452  fchmodat2           file      zero   dirfd path mode flags:flags=at_flags
92   -    182  chown               file      zero   path uid gid
93   55   95   fchown              file      zero   fd uid gid
94   -    16   lchown              file      zero   path uid gid
260  54   298  fchownat            file      zero   dirfd path uid gid flags:flags=at_flags
76   45   92   truncate            file      zero   path length:offset
77   46   93   ftruncate           file      zero   fd length:offset
285  47   324  fallocate           file      zero   fd mode:flags=fallocate_mode offset length:offset
132  -    30   utime               file      zero   path times:pointer
235  -    271  utimes              file      zero   path times:pointer
261  -    299  futimesat           file      zero   dirfd path times:pointer
280  88   320  utimensat           file      zero   dirfd path times:pointer flags:flags=at_flags
95   166  60   umask               file      mode    mask:mode
73   32   143  flock               file      zero   fd operation:flags=flock_op

# Extended attributes
188  5    226  setxattr            file      zero   path name:string value:buffer_in size flags:flags=xattr_flags
189  6    227  lsetxattr           file      zero   path name:string value:buffer_in size flags:flags=xattr_flags
190  7    228  fsetxattr           file      zero   fd name:string value:buffer_in size flags:flags=xattr_flags
191  8    229  getxattr            file      size   path name:string value:buffer_out size
192  9    230  lgetxattr           file      size   path name:string value:buffer_out size
193  10   231  fgetxattr           file      size   fd name:string value:buffer_out size
194  11   232  listxattr           file      size   path list:buffer_out size
195  12   233  llistxattr          file      size   path list:buffer_out size
196  13   234  flistxattr          file      size   fd list:buffer_out size
197  14   235  removexattr         file      zero   path name:string
198  15   236  lremovexattr        file      zero   path name:string
199  16   237  fremovexattr        file      zero   fd name:string
463  463  463  setxattrat          file      zero   dirfd path at_flags:flags=at_flags name:string args:pointer size
464  464  464  getxattrat          file      size   dirfd path at_flags:flags=at_flags name:string args:pointer size
465  465  465  listxattrat         file      size   dirfd path at_flags:flags=at_flags list:buffer_out size
466  466  466  removexattrat       file      zero   dirfd path at_flags:flags=at_flags name:string

# Mounts
165  40   21   mount               file      zero   source:path target:path fstype:string flags:flags=mount_flags data:struct=content
166  39   52   umount2             file      zero   target:path flags:flags=umount_flags
155  41   217  pivot_root          file      zero   new_root:path put_old:path
428  428  428  open_tree           file      fd     dirfd path flags:flags=open_tree_flags
467  467  467  open_tree_attr      file      fd     dirfd path flags:flags=open_tree_flags attr:struct=mount_attr size
429  429  429  move_mount          file      zero   from_dirfd:dirfd from_path:path to_dirfd:dirfd to_path:path flags:flags=move_mount_flags
430  430  430  fsopen              file      fd     fsname:string flags:flags=fsopen_flags
431  431  431  fsconfig            file      zero   fd cmd:enum=fsconfig_cmd key:string value:struct=content aux:int
432  432  432  fsmount             file      fd     fd flags:flags=fsmount_flags attr_flags:flags=mount_attr
433  433  433  fspick              file      fd     dirfd path flags:flags=fspick_flags
442  442  442  mount_setattr       file      zero   dirfd path flags:flags=at_flags attr:struct=mount_attr size
457  457  457  statmount           file      zero   req:pointer buf:pointer bufsize:size flags:uint
458  458  458  listmount           file      int    req:pointer mnt_ids:pointer nr_mnt_ids:ulong flags:flags=listmount_flags
470  470  470  listns              process   int    req:pointer ns_ids:pointer nr_ns_ids:ulong flags:uint
179  60   131  quotactl            user      zero   cmd:enum=quota_cmd special:path id:int addr:pointer
443  443  443  quotactl_fd         user      zero   fd cmd:enum=quota_cmd id:int addr:pointer

# Watching
253  -    291  inotify_init        ipc       fd
294  26   332  inotify_init1       ipc       fd     flags:flags=inotify_init_flags
254  27   292  inotify_add_watch   ipc       int    fd path mask:flags=inotify_mask
255  28   293  inotify_rm_watch    ipc       zero   fd wd:int
300  262  338  fanotify_init       ipc       fd     flags:flags=fanotify_init_flags event_f_flags:flags=open_flags
301  263  339  fanotify_mark       ipc       zero   fd flags:flags=fanotify_mark_flags mask:flags=fanotify_mask dirfd path
"""
