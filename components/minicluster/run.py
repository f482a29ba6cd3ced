"""Runs a MiniCluster's command, after asking whether its processes form one world.

The lead broker runs it inside the Flux instance, where the operator would run `flux submit`, with the same arguments. An MPI
library that does not find its launcher makes N worlds of one rank, and every one of them exits with 0, so nobody notices. What is
asked, and what the answer proves:

mpi   Every task loads the MPI library of the image (the one that the program is linked to, else the system's), initializes it,
      and asks it for the world's size; then all meet in a barrier. Proves that this library, launched this way, makes one world
      of all tasks, which can reach each other. Not proved: that the program really uses this library (it may be linked
      statically, or start an MPI launcher of its own).
pmi   Where no library is found and PMI is `simple`: `flux pmi exchange` in every task. Proves that Flux's PMI server serves all
      tasks as one job. Not proved: anything about MPI. There is no such client for PMIx, so nothing is proved there.
output  The application itself says how many ranks it has. Proves it for the application, but only after it has started.

Exit codes: 90 the world is not what it should be, else the application's. On failure every broker's pod is told, so that all
pods of the Job fail, and the Job with them; followers would otherwise end well and leave a new lead waiting for them for ever.
"""

import json
import os
import re
import shutil
import subprocess
import sys

FOLDER = os.path.dirname(os.path.abspath(__file__))
LAST_WORDS = "/dev/termination-log"
WRONG_WORLD = 90
LIBRARY = re.compile(r"^\s*(libmpi(?:ch|_cray)?\.so[.0-9]*)\s+=>\s+(/\S+)", re.M)
ANSWER = re.compile(r"^TURDUCKEN rank=(\d+) size=(\d+) by=(\S+)$", re.M)


def main(arguments):
    with open(os.path.join(FOLDER, "job.json"), encoding="utf-8") as file:
        job = json.load(file)
    if arguments == ["--rank"]:
        return answer(job)
    reason = None if job["world"] == "off" else wrong_world(job)
    if reason:
        return give_up(job, WRONG_WORLD, reason)
    code, reason = application(job, arguments)
    return give_up(job, code, reason) if code else 0


def answer(job):
    """One task of the probe: what its MPI library says."""
    library = find_library(job["program"], job["system"])
    rank, size = ask(library) if library else (0, 0)
    sys.stdout.write("TURDUCKEN rank=%d size=%d by=%s\n" % (rank, size, library or "none"))
    sys.stdout.flush()
    return 0


def find_library(program, system):
    """The one that the program is linked to; any of the image only where the user says that the program uses MPI."""
    path = shutil.which(program)
    if path and shutil.which("ldd"):
        listed = subprocess.run(["ldd", path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
        found = LIBRARY.search(listed.stdout.decode(errors="replace"))
        if found:
            return found.group(2)
    if not system:
        return None
    from ctypes import util

    return util.find_library("mpi") or util.find_library("mpich")


def ask(library):
    import ctypes

    # Open MPI's plugins look for symbols of the library that loads them.
    mpi = ctypes.CDLL(library, mode=ctypes.RTLD_GLOBAL)
    try:
        world = ctypes.c_void_p(ctypes.addressof(ctypes.c_char.in_dll(mpi, "ompi_mpi_comm_world")))
    except ValueError:
        world = ctypes.c_int(0x44000000)  # MPI_COMM_WORLD of MPICH's ABI: MPICH, Intel MPI, MVAPICH, Cray MPICH
    rank, size = ctypes.c_int(-1), ctypes.c_int(-1)
    for call in (
        lambda: mpi.MPI_Init(None, None),
        lambda: mpi.MPI_Comm_rank(world, ctypes.byref(rank)),
        lambda: mpi.MPI_Comm_size(world, ctypes.byref(size)),
        lambda: mpi.MPI_Barrier(world),
        lambda: mpi.MPI_Finalize(),
    ):
        if call() != 0:
            sys.exit("turducken: %s: an MPI function failed" % library)
    return rank.value, size.value


def wrong_world(job):
    """Why the tasks are not one world; None when they are, or when nobody can tell and the user does not insist."""
    code, text = in_tasks(job, ["flux", "python", os.path.abspath(__file__), "--rank"])
    answers = [(int(rank), int(size), by) for rank, size, by in ANSWER.findall(text)]
    if code != 0:
        return "the tasks that asked for the world's size ended with %d" % code
    if answers and all(by == "none" for _, _, by in answers):
        return without_library(job)
    reason = judge(job, answers)
    if reason is None:
        tell("one world of %d ranks, says %s in every task" % (job["tasks"], answers[0][2]))
    return reason


def judge(job, answers):
    sizes = sorted({size for _, size, _ in answers})
    libraries = ", ".join(sorted({by for _, _, by in answers}))
    if sizes != [job["tasks"]]:
        worlds = ", ".join(str(size) for size in sizes) or "none"
        return "%d tasks answered from worlds of size %s, not from one of %d: %s does not find its launcher with pmi=%s" % (
            len(answers), worlds, job["tasks"], libraries or "nothing", job["pmi"],
        )
    if sorted(rank for rank, _, _ in answers) != list(range(job["tasks"])):
        return "%d answers do not have the ranks 0 to %d, once each" % (len(answers), job["tasks"] - 1)
    return None


def without_library(job):
    if job["world"] == "mpi":
        return "there is no MPI library in the image to ask for the world's size"
    if job["pmi"] != "simple":
        tell("no MPI library found, and no client for pmi=%s: nothing is known of the world" % job["pmi"])
        return None
    code, _ = in_tasks(job, ["flux", "pmi", "--method=simple", "exchange"])
    if code != 0:
        return "PMI does not serve all tasks: flux pmi exchange ended with %d" % code
    tell("no MPI library found; PMI serves all %d tasks as one job" % job["tasks"])
    return None


def in_tasks(job, command):
    limit = job["seconds"]
    size = ["-N", str(job["nodes"]), "-n", str(job["tasks"]), "-t", "%ds" % limit]
    try:
        done = subprocess.run(
            ["flux", "run"] + size + job["options"] + command, stdout=subprocess.PIPE, timeout=limit + 60, check=False
        )
    except subprocess.TimeoutExpired:
        return 124, ""
    return done.returncode, done.stdout.decode(errors="replace")


def application(job, arguments):
    """Runs the command; with a pattern, its output passes through and is looked at on the way."""
    if not job["output"]:
        code = subprocess.run(["flux", "submit"] + arguments, check=False).returncode
        return code, "the application ended with %d" % code
    pattern, ranks = re.compile(job["output"]), None
    with subprocess.Popen(["flux", "submit"] + arguments, stdout=subprocess.PIPE) as child:
        for line in child.stdout:
            sys.stdout.buffer.write(line)
            sys.stdout.buffer.flush()
            found = pattern.search(line.decode(errors="replace")) if ranks is None else None
            ranks = product(found.groups()) if found else ranks
    if child.returncode != 0:
        return child.returncode, "the application ended with %d" % child.returncode
    if ranks is None:
        return WRONG_WORLD, "no line of the application's output matches %s" % job["output"]
    if ranks != job["tasks"]:
        return WRONG_WORLD, "the application says that it has %d ranks, not %d" % (ranks, job["tasks"])
    return 0, ""


def product(groups):
    total = 1
    for group in groups:
        total *= int(group)
    return total


def give_up(job, code, reason):
    code = code if 0 < code < 256 else 1
    tell(reason)
    # Stands in the pod's status for as long as the pod is there; the kubelet makes the file.
    if os.access(LAST_WORDS, os.W_OK):
        with open(LAST_WORDS, "w", encoding="utf-8") as file:
            file.write(reason)
    if job["nodes"] > 1:
        mark = "echo %d > %s" % (code, os.path.join(FOLDER, "failed"))
        try:
            subprocess.run(["flux", "exec", "-n", "-r", "all", "sh", "-c", mark], timeout=120, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            tell("the other pods could not be told: %s" % error)
    return code


def tell(line):
    sys.stderr.write("turducken: %s\n" % line)
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
