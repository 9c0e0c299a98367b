"""Run an IR. The only room that imports openvino at scan time."""
