// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * w_kvm COUNT NUMBER: a guest of a few bytes in real mode makes exactly COUNT hypercalls with eax = NUMBER and halts.
 * kvm_hypercall is exactly COUNT with nr = NUMBER; on AMD kvm_exit with reason 129 (VMMCALL) likewise, and reason 120 (HLT)
 * once. Exits for interrupts and page faults vary. Needs /dev/kvm (modprobe kvm_amd or kvm_intel).
 */
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#define GUEST_BYTES 0x1000

int main(int argc, char **argv)
{
	uint16_t count = argc > 1 ? atoi(argv[1]) : 10;
	uint32_t number = argc > 2 ? atoi(argv[2]) : 5;
	struct kvm_userspace_memory_region region = { .guest_phys_addr = 0, .memory_size = GUEST_BYTES };
	struct kvm_sregs sregs;
	struct kvm_regs regs = { .rflags = 2, .rcx = count };
	struct kvm_run *run;
	uint8_t *memory;
	int kvm, vm, vcpu, run_bytes, at = 0, loop;

	kvm = open("/dev/kvm", O_RDWR);
	if (kvm < 0) {
		perror("/dev/kvm");
		return 1;
	}
	vm = ioctl(kvm, KVM_CREATE_VM, 0);
	memory = mmap(NULL, GUEST_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (vm < 0 || memory == MAP_FAILED)
		return 1;

	/* loop: mov eax, NUMBER; vmmcall (KVM accepts vmcall's twin by patching it); loop; hlt */
	loop = at;
	memcpy(memory + at, "\x66\xb8", 2);
	memcpy(memory + at + 2, &number, 4);
	at += 6;
	memcpy(memory + at, "\x0f\x01\xd9", 3);
	at += 3;
	memory[at++] = 0xe2;
	memory[at] = (uint8_t)(loop - (at + 1));
	at++;
	memory[at++] = 0xf4;

	region.userspace_addr = (uint64_t)(uintptr_t)memory;
	if (ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region))
		return 1;
	vcpu = ioctl(vm, KVM_CREATE_VCPU, 0);
	run_bytes = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	if (vcpu < 0 || run_bytes < 0)
		return 1;
	run = mmap(NULL, run_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
	if (run == MAP_FAILED || ioctl(vcpu, KVM_GET_SREGS, &sregs))
		return 1;
	sregs.cs.base = 0;
	sregs.cs.selector = 0;
	if (ioctl(vcpu, KVM_SET_SREGS, &sregs) || ioctl(vcpu, KVM_SET_REGS, &regs))
		return 1;
	for (;;) {
		if (ioctl(vcpu, KVM_RUN, 0)) {
			perror("KVM_RUN");
			return 1;
		}
		if (run->exit_reason == KVM_EXIT_HLT)
			return 0;
		if (run->exit_reason != KVM_EXIT_INTR) {
			fprintf(stderr, "w_kvm: unexpected exit %u\n", run->exit_reason);
			return 1;
		}
	}
}
