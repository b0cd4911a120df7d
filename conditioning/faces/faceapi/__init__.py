"""The face networks of npm @vladmandic/face-api 1.7.15 (MIT): detector, landmarks, expression and identity."""
