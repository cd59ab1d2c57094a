// SYNTAX TEST "source.c" "what a BPF program adds to C"
SEC("?fentry/vfs_read")
// <--- source.c meta.section.bpf keyword.other.section.bpf
//   ^ keyword.operator.optional.bpf
//    ^^^^^^ entity.name.type.program-type.bpf
//          ^^^^^^^^^ entity.name.function.attach-point.bpf
int BPF_PROG(on_read, struct file *file)
//  ^^^^^^^^ keyword.other.program.bpf
//           ^^^^^^^ entity.name.function.program.bpf
    __uint(type, BPF_MAP_TYPE_HASH);
//  ^^^^^^ keyword.other.map-attribute.bpf
//         ^^^^ variable.other.property.map.bpf
    x = BPF_CORE_READ(file, f_inode);
//      ^^^^^^^^^^^^^ support.function.core.bpf
    bpf_get_current_pid_tgid();
//  ^^^^^^^^^^^^^^^^^^^^^^^^ support.function.helper.bpf
__u32 pid BPFW_LABEL("Process");
//        ^^^^^^^^^^ keyword.other.meaning.bpf
extern int LINUX_KERNEL_VERSION __kconfig;
//                              ^^^^^^^^^ storage.modifier.bpf
/* SEC("kprobe/none") */
// ^^^ comment.block.c - keyword.other.section.bpf
