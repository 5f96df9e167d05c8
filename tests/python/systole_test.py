"""The Python module, against the program that was built (SYSTOLE_PROGRAM)."""

import os
import pickle
import tempfile
import threading
import time
import unittest
from pathlib import Path

import systole
from systole import program
from systole.errors import error_of


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


if __name__ == "__main__":
    unittest.main()
