/*
 * A source tree in miniature that imitates kbuild: a Makefile with the targets that are called, a
 * Kconfig, files that are "compiled" in no time, and an image that looks like one.
 */
#pragma once

/* Writes it into a folder, with this version in its Makefile. In the tree, a file `absent` with
 * symbols (one a line) makes olddefconfig drop them; `fail-TARGET` lets that target fail;
 * `modules.src` lists the modules that are no part of the image; `slow` lets the build wait, once
 * it has said an object, until the file is gone; `slow-config` does so for olddefconfig. */
void mini_tree(const char *dir, const char *version);
