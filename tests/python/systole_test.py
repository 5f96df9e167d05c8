"""The Python module, against the program that was built (SYSTOLE_PROGRAM)."""

import json
import os
import pickle
import signal
import subprocess
import tempfile
import threading
import time
import unittest
from pathlib import Path

import systole
from systole import _core, program
from systole.errors import error_of
from systole.server import Server


class Runs(unittest.TestCase):
    def test_a_run_has_the_figures_of_the_report(self):
        result = systole.run("edge", "mlp0", batch=2)
        report = program.json_of("run", "edge", "mlp0", "--batch", "2", "--format", "json")
        self.assertEqual(result.to_dict(), report)
        self.assertEqual(result.total.cycles, report["total"]["cycles"])
        self.assertEqual(result["total"]["roofline"]["cycles"], result.total.roofline.cycles)
        self.assertEqual(result.layers["fc2"].cycles, report["layers"][1]["cycles"])
        self.assertEqual(len(result.layers), 5)
        self.assertGreater(result.energy.joules, 0)
        self.assertIsNone(result.check)

    def test_a_check_comes_with_the_run(self):
        self.assertTrue(systole.run("edge", "mlp0", batch=1, check=True).check.passed)

    def test_many_runs_come_in_the_order_of_their_points(self):
        points = [systole.Point("edge", "mlp0", batch=batch) for batch in (1, 2, 4)]
        results = systole.run_many(points, workers=2)
        self.assertEqual([result.batch for result in results], [1, 2, 4])
        self.assertEqual(results[1].to_dict(), systole.run("edge", "mlp0", batch=2).to_dict())

    def test_a_point_that_fails_has_its_exception_in_its_place(self):
        points = [{"chip": "edge", "network": "mlp0", "batch": 1}, {"chip": "nope", "network": "mlp0"}]
        good, bad = systole.run_many(points, workers=2, errors="return")
        self.assertEqual(good.batch, 1)
        self.assertIsInstance(bad, systole.UserError)
        self.assertIn("no chip 'nope'", bad.message)
        with self.assertRaises(systole.UserError):
            systole.run_many(points)

    def test_saved_and_loaded_it_is_the_same(self):
        result = systole.run("edge", "mlp0", batch=1)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "run.json")
            result.save(file)
            self.assertEqual(systole.load(file).to_dict(), result.to_dict())
            file.write_text("{}")
            with self.assertRaises(systole.Error):
                systole.load(file)
        self.assertEqual(pickle.loads(pickle.dumps(result)).to_dict(), result.to_dict())

    def test_figures_do_not_change(self):
        result = systole.run("edge", "mlp0", batch=1)
        with self.assertRaises(AttributeError):
            result.total.cycles = 1
        with self.assertRaises(AttributeError):
            result.total.no_such_figure

    def test_frames_have_a_row_a_layer(self):
        try:
            import pandas  # noqa: F401
        except ImportError:
            self.skipTest("no pandas here")
        table = systole.run("edge", "mlp0", batch=1).to_pandas()
        self.assertEqual(list(table["name"]), ["fc1", "fc2", "fc3", "fc4", "fc5"])
        self.assertIn("roofline.cycles", table.columns)


class Objects(unittest.TestCase):
    def test_a_chip_with_other_values_is_another_chip(self):
        edge = systole.Chip("edge")
        wide = edge.replace({"matrix_unit.rows": 64, "clock": "700 MHz"})
        self.assertIn("64 x 32 PEs", wide.describe())
        self.assertIn("700 MHz", wide.describe())
        self.assertEqual((edge.name, wide.name), ("edge", "edge"))
        self.assertEqual(edge.changes, {})
        self.assertNotEqual(systole.run(wide, "mlp0").total.cycles, systole.run(edge, "mlp0").total.cycles)

    def test_yaml_makes_chips_and_networks(self):
        tiny = Path(__file__).parents[2] / "configs" / "chips" / "edge.yaml"
        self.assertEqual(systole.Chip.from_yaml(tiny.read_text()).name, "edge")
        network = systole.Network.from_yaml(
            "network: tiny\nbatch: 1\ninputs: [{name: x, features: 16}]\n"
            "layers: [{name: fc, op: dense, features: 4}]\n"
        )
        result = systole.run("edge", network)
        self.assertEqual((result.network, result.layers["fc"].macs), ("tiny", 64))

    def test_what_ships_is_listed(self):
        self.assertIn("edge", systole.chips())
        self.assertIn("resnet50", systole.networks())
        self.assertIn("ddr4_2400", systole.names("dram"))

    def test_a_comparison_has_a_row_a_device(self):
        rows = systole.compare("mlp0", on=["edge", "t4"], batch=1).rows
        self.assertEqual([row["device"] for row in rows], ["edge", "t4"])

    def test_a_study_is_run_and_opened(self):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "tiny.yaml")
            file.write_text(
                "name: tiny\ndescription: two clocks\nchip: edge\naxes: {clock: [300 MHz, 600 MHz]}\n"
                "networks: {mlp0: {batch: 1}}\nobjectives: [minimise: latency]\n"
                "sampler: {kind: grid}\n"
            )
            study = systole.Study(file, Path(folder, "tiny.sqlite")).run(jobs=2)
            self.assertEqual(len(study.points()), 2)
            self.assertTrue(study.show())


class Errors(unittest.TestCase):
    def test_say_where_the_mistake_is(self):
        with self.assertRaises(systole.UserError) as caught:
            systole.Chip.from_yaml("name: x\nclock: 1 parsec\n").describe()
        self.assertTrue(caught.exception.file.endswith("chip.yaml"))
        self.assertIsInstance(caught.exception.line, int)
        with self.assertRaises(systole.UserError) as caught:
            systole.Chip("edge").replace({"matrix_unit.rows": 0})
        self.assertEqual(caught.exception.path, "matrix_unit.rows")
        self.assertEqual(caught.exception.reason, "expected an integer in 1..4096, got '0'")
        self.assertIsNone(caught.exception.file)

    def test_of_workers_are_told_apart(self):
        self.assertIsInstance(error_of("its process ended by signal 11"), systole.WorkerCrashed)
        self.assertIsInstance(error_of("internal error: x"), systole.InternalError)
        self.assertNotIsInstance(error_of("internal error: x"), systole.WorkerCrashed)
        error = error_of("a.yaml:2:9: array.rows: expected an integer in 1..4096, got '128x'")
        self.assertEqual((error.file, error.line, error.column, error.path), ("a.yaml", 2, 9, "array.rows"))

    def test_a_new_directory_is_where_files_are_looked_for(self):
        before = os.getcwd()
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "n.yaml").write_text(
                "network: here\nbatch: 1\ninputs: [{name: x, features: 16}]\n"
                "layers: [{name: fc, op: dense, features: 4}]\n"
            )
            os.chdir(folder)
            try:
                self.assertEqual(systole.run("edge", "n.yaml").network, "here")
            finally:
                os.chdir(before)


class Calls(unittest.TestCase):
    def test_let_other_threads_go_on(self):
        counted = 0
        done = threading.Event()

        def count():
            nonlocal counted
            while not done.is_set():
                counted += 1
                time.sleep(0.001)

        thread = threading.Thread(target=count)
        thread.start()
        systole.run("edge", "mobilenet_v1")
        done.set()
        thread.join()
        self.assertGreater(counted, 3)

    def test_that_simulate_nothing_need_no_process(self):
        answered = _core.answer(["describe", "edge"], program.program())
        self.assertEqual(answered.exit_code, 0)
        self.assertEqual(answered.output, systole.Chip("edge").describe())
        refused = _core.answer(["describe", "nope"], program.program())
        self.assertEqual((refused.exit_code, refused.output), (2, ""))
        self.assertTrue(refused.error.startswith("systole: no chip 'nope'"))
        self.assertIsNone(_core.answer(["run", "edge", "mlp0"], program.program()))
        self.assertIsNone(_core.answer(["describe", "edge", "-o", "x"], program.program()))


def children(process):
    try:
        listed = Path(f"/proc/{process}/task/{process}/children").read_text()
    except OSError:
        return []
    return [int(child) for child in listed.split()]


def until(find):
    """What `find` finds, soon."""
    for _ in range(2000):
        found = find()
        if found:
            return found
        time.sleep(0.005)
    raise AssertionError("not within ten seconds")


class Servers(unittest.TestCase):
    LONG = ["run", "edge", "resnet50", "--batch", "64", "--quiet"]

    def setUp(self):
        self.server = Server(program.program())

    def tearDown(self):
        self.server.close()

    def worker(self):
        server = self.server._processes[-1].pid
        return until(lambda: [grand for child in children(server) for grand in children(child)])[0]

    def test_one_serves_many_commands(self):
        for batch in ("1", "2"):
            ended = self.server.run(["run", "edge", "mlp0", "--batch", batch, "--format", "json"])
            self.assertEqual((ended.exit_code, ended.error), (0, ""))
            self.assertEqual(json.loads(ended.output)["batch"], int(batch))
        self.assertEqual(len(self.server._processes), 1)

    def test_a_mistake_has_its_line_and_exit_code(self):
        ended = self.server.run(["run", "nope", "mlp0"])
        self.assertEqual((ended.exit_code, ended.output), (2, ""))
        self.assertTrue(ended.error.startswith("systole: no chip 'nope'"))

    def test_a_crash_ends_its_command_alone(self):
        outcomes = []
        thread = threading.Thread(target=lambda: outcomes.append(self.server.run(self.LONG)))
        thread.start()
        until(lambda: self.server._processes)
        os.kill(self.worker(), signal.SIGSEGV)
        thread.join()
        self.assertEqual(outcomes[0].exit_code, -signal.SIGSEGV)
        self.assertEqual(self.server.run(["list", "--format", "json"]).exit_code, 0)
        self.assertEqual(len(self.server._processes), 1)

    def test_a_server_that_went_away_is_replaced(self):
        self.server.run(["list"])
        self.server._processes[0].kill()
        self.server._processes[0].wait()
        self.assertEqual(self.server.run(["list"]).exit_code, 0)
        self.assertEqual(len(self.server._processes), 1)

    def test_another_environment_is_another_server(self):
        self.server.run(["list"])
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "workloads").mkdir()
            Path(folder, "workloads", "here_alone.yaml").write_text("")
            os.environ["SYSTOLE_DATA"] = folder
            try:
                self.assertIn("here_alone", self.server.run(["list"]).output)
            finally:
                del os.environ["SYSTOLE_DATA"]

    def test_nobody_waits_and_the_command_ends(self):
        told, status = os.pipe()
        files = [os.memfd_create("output"), os.memfd_create("error")]
        packet = b"".join(word.encode() + b"\0" for word in ("systole", *self.LONG))
        self.server._send(packet, files, status)
        worker = self.worker()
        for descriptor in (*files, status, told):
            os.close(descriptor)
        until(lambda: not Path(f"/proc/{worker}").exists())

    def test_standard_input_has_to_be_a_socket(self):
        done = subprocess.run(
            [program.program(), "--worker-server"], stdin=subprocess.DEVNULL, capture_output=True, text=True
        )
        self.assertEqual(done.returncode, 2)
        self.assertEqual(
            done.stderr,
            "systole: --worker-server: expected a socket of packets as standard input\n",
        )


if __name__ == "__main__":
    unittest.main()
