/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What takes the place of a kernel's decompressor (unpack): begins at 1 MiB in 32-bit mode, with ESI = boot_params, goes
 * to 64-bit mode with the first 4 GiB mapped as they are, and to the kernel's entry with RSI = boot_params (Linux,
 * Documentation/arch/x86/boot.rst). ENTRY and KERNEL are physical addresses: of the entry, and of the kernel's first byte,
 * up to which this is filled.
 */
	.code32
	.globl _start
_start:
	lgdt gdt_pointer
	movl %cr4, %eax
	orl $0x20, %eax			/* PAE */
	movl %eax, %cr4
	movl $pml4, %eax
	movl %eax, %cr3
	movl $0xc0000080, %ecx		/* EFER */
	rdmsr
	orl $0x100, %eax		/* LME */
	wrmsr
	movl %cr0, %eax
	orl $0x80000000, %eax		/* PG */
	movl %eax, %cr0
	ljmp $8, $1f
1:	.code64
	movl $16, %eax
	movl %eax, %ds
	movl %eax, %es
	movl %eax, %ss
	movl $ENTRY, %eax
	jmp *%rax
	.code32

	.balign 8
gdt:
	.quad 0
	.quad 0x00af9a000000ffff	/* 64-bit code */
	.quad 0x00cf92000000ffff	/* data */
gdt_pointer:
	.word . - gdt - 1
	.long gdt

	.balign 4096
pml4:
	.quad pdpt + 3
	.balign 4096
pdpt:
	.set n, 0
	.rept 4
	.quad tables + n * 4096 + 3
	.set n, n + 1
	.endr
	.balign 4096
tables:					/* pages of 2 MiB */
	.set n, 0
	.rept 2048
	.quad n * 0x200000 + 0x83
	.set n, n + 1
	.endr

	.org KERNEL - 0x100000
