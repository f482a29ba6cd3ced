export { ControlPlane, findPrograms } from "../../tools/rehearse/control-plane";
