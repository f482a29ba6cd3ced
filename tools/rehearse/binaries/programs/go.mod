// Our own small programs for the rehearsal's images. No dependencies.
module turducken.dev/rehearse/programs

go 1.22
