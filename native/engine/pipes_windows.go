package main

import "os"

func standardPipes() (in, out *os.File) { return os.Stdin, os.Stdout }
