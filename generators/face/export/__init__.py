"""Files in which other programs receive a face: Live Link Face CSV, npz, Audio2Face JSON and animated GLB."""
