"""The extension modules; everything else about the package is in pyproject.toml."""

import copy
import os
import sys
import sysconfig
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

# One wheel for every CPython from 3.11 on (the stable ABI). Free-threaded builds
# have no stable ABI yet, so they are compiled for their own version.
FREE_THREADED = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
STABLE_ABI = [] if FREE_THREADED else [("Py_LIMITED_API", "0x030B0000")]
MSVC = sys.platform == "win32"
C_FLAGS = (
    ["/O2"]
    if MSVC
    else ["-O3", "-g0", "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=fast"]
)


MOST_COMPILERS = 4  # at a time; each takes up to 250 MB of memory

# Its loops are over a few words: vectors would take longer to set up than they save.
SHORT_LOOPS = [] if MSVC else ["-fno-tree-vectorize"]


def extension(name, *c_sources, flags=()):
    """Describe the module ``cw2v.<name>``: its .pyx and the C files it is linked with."""
    return Extension(
        f"cw2v.{name}",
        [f"cw2v/{name}.pyx", *(f"csrc/{source}" for source in c_sources)],
        include_dirs=["csrc"],
        depends=[str(header) for header in sorted(Path("csrc").glob("*.h"))],
        define_macros=STABLE_ABI,
        extra_compile_args=[*C_FLAGS, *flags],
        py_limited_api=not FREE_THREADED,
    )


class BuildTogether(build_ext):
    """Compile several modules at a time, as ``build_ext --parallel`` does, and safely.

    Some are linked with the same C files, so each has its object files in a folder of its own.
    """

    def finalize_options(self):
        """Take all CPUs of this process, but not more than ``MOST_COMPILERS``, unless told."""
        super().finalize_options()
        if self.parallel is None and not MSVC:  # which must not be found by several threads at once
            self.parallel = min(cpus_of_process(), MOST_COMPILERS)

    def build_extension(self, ext):
        """Compile and link one module, in a thread of its own."""
        own = copy.copy(self)
        own.build_temp = str(Path(self.build_temp, ext.name))
        super(BuildTogether, own).build_extension(ext)


def cpus_of_process():
    """Count the CPUs that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


# Cython translates in processes, which may import this file again.
if __name__ == "__main__":
    setup(
        cmdclass={"build_ext": BuildTogether},
        ext_modules=cythonize(
            [
                extension("_blas"),
                extension(
                    "_kernels",
                    "dispatch.c",
                    "kernels_scalar.c",
                    "kernels_vec128.c",
                    "kernels_avx2.c",
                    "kernels_avx512.c",
                ),
                extension("_blocks", flags=SHORT_LOOPS),
                extension("_noise", flags=SHORT_LOOPS),
                extension("_alias"),
                extension("_tree"),
                extension("_hotrows"),
                extension("_skipgram"),
                extension("_cbow"),
                extension("_worker"),
                extension("_encode", "words.c", "utf8.c"),
                extension("_tokens", "words.c", "utf8.c"),
                extension("_pairs", "pairs.c"),
                extension("_keytable", "words.c", "utf8.c"),
                extension("_phrases", "words.c", "utf8.c"),
                extension("_prune"),
                extension("_opcodes"),
                extension("_pickleops", flags=SHORT_LOOPS),
                extension("_score"),
                extension("_vectorfile"),
            ],
            language_level=3,
            nthreads=min(cpus_of_process(), MOST_COMPILERS),
        ),
        options={} if FREE_THREADED else {"bdist_wheel": {"py_limited_api": "cp311"}},
    )
